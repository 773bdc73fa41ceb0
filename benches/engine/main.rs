//! What a retry costs beside a hand-written loop and beside other crates: instructions,
//! allocations, two-thread scaling and future sizes, in one table.
//!
//! ```text
//! cargo bench -p retry-benches --bench engine
//! ```
//!
//! Instructions are counted by valgrind's callgrind and are repeatable; where valgrind is missing,
//! the table says so and has a dash for them. Words after `--` keep the rows whose id contains one
//! of them: `-- success sizes`.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod callgrind;
mod child;
#[path = "../contenders/mod.rs"]
mod contenders;
mod scaling;
mod sizes;
mod table;

use contenders::{FLOOR, ROWS, Row};
use table::{Cell, Table};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if child::serve(&arguments) || !arguments.iter().any(|argument| argument == "--bench") {
        // `cargo test` runs benches too, without `--bench`: there is nothing to test.
        return;
    }
    let words: Vec<&String> = arguments
        .iter()
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let chosen = |id: &str| words.is_empty() || words.iter().any(|word| id.contains(*word));

    let counts = callgrind::is_there();
    if !counts {
        println!("valgrind is not installed: no instructions are counted\n");
    }
    let mut table = Table::new([
        "row",
        "contender",
        "instructions/call",
        "x hand-written",
        "allocations/call",
        "two threads",
    ]);
    for row in ROWS.iter().filter(|row| chosen(row.id)) {
        measure(row, counts, &mut table);
    }
    table.print();
    if chosen("sizes") {
        println!();
        sizes::table().print();
    }
}

fn measure(row: &Row, counts: bool, table: &mut Table<6>) {
    let instructions = |contender: &str| {
        counts
            .then(|| child::instructions(row.id, contender))
            .flatten()
    };
    let floor = instructions(FLOOR);
    for contender in row.contenders {
        let name = contender.name;
        let counted = if name == FLOOR {
            floor
        } else {
            instructions(name)
        };
        let ratio = counted.zip(floor).map(|(counted, floor)| counted / floor);
        let scaling = (row.id == "counted" || row.id.starts_with("guarded"))
            .then(|| child::scaling(row.id, name));
        table.line([
            Cell::text(row.title),
            Cell::text(name),
            Cell::number(counted, 1),
            Cell::number(ratio, 2),
            Cell::number(child::allocations(row.id, name), 2),
            Cell::number(scaling.flatten(), 2),
        ]);
    }
}
