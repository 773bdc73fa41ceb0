//! How large the futures are: the body alone, inside a hand-written loop, an annotated function, our
//! builder, and backon.
//!
//! Each body keeps something across an await, as real ones do; all contenders have the same one.

mod bodies;

use bodies::{Bodies, SIZES};

use super::contenders::FLOOR;
use super::table::{Cell, Table};

pub(crate) fn table() -> Table<4> {
    let mut table = Table::new(["future of", "contender", "bytes", "over hand-written"]);
    for Bodies { title, sizes } in SIZES.iter().map(|bodies| bodies()) {
        let floor = sizes.iter().find(|(name, _)| *name == FLOOR);
        let floor = floor.map_or(0.0, |(_, size)| bytes(*size));
        for (name, size) in sizes {
            table.line([
                Cell::text(title),
                Cell::text(name),
                Cell::number(Some(bytes(size)), 0),
                Cell::number(Some(bytes(size) - floor), 0),
            ]);
        }
    }
    table
}

#[expect(clippy::cast_precision_loss, reason = "a future is smaller than 2^52")]
fn bytes(size: usize) -> f64 {
    size as f64
}
