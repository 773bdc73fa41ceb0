//! How large the futures are: the body alone, inside a hand-written loop, an annotated function, our
//! builder, and backon; and a gated function's.
//!
//! Each body keeps something across an await, as real ones do; all contenders have the same one.

mod bodies;

use bodies::{Bodies, SIZES};

use crate::code;

/// One size, in bytes.
pub(crate) struct Size {
    pub(crate) row: &'static str,
    pub(crate) title: &'static str,
    pub(crate) contender: &'static str,
    pub(crate) bytes: u64,
}

impl Size {
    /// Whether it is this project's, so that it is committed.
    pub(crate) fn is_ours(&self) -> bool {
        ["attribute", "builder", "gated"].contains(&self.contender)
    }
}

/// All sizes: of futures, then of code.
pub(crate) fn all() -> Vec<Size> {
    let futures = SIZES.iter().flat_map(|bodies| {
        let Bodies { row, title, sizes } = bodies();
        sizes.into_iter().map(move |(contender, bytes)| Size {
            row,
            title,
            contender,
            bytes: bytes as u64,
        })
    });
    futures.chain(code::sizes()).collect()
}
