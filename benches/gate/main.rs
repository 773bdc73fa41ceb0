//! What the gate costs, beside what it is made of: a bare map, bare SQLite, the Python package.
//!
//! ```text
//! cargo bench -p retry-benches --features sqlite --bench gate
//! ```
//!
//! Words after `--` keep the parts whose name begins with one of them: `-- id map gate own
//! memory sqlite python`. Rates are the best of three passes on this machine: read the ratios. The Python
//! package is fetched by pip into a temporary folder; where that fails, the table says so.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

#[path = "../engine/callgrind.rs"]
mod callgrind;
mod counted;
mod gated;
mod limit;
mod map;
mod python;
mod rate;
mod records;
mod sqlite;
#[path = "../engine/table.rs"]
mod table;

use rate::{best_of_three, best_of_three_with};
use table::{Cell, Table};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if counted::serve(&arguments) || !arguments.iter().any(|argument| argument == "--bench") {
        // `cargo test` runs benches too, without `--bench`: there is nothing to test.
        return;
    }
    let words: Vec<&String> = arguments
        .iter()
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let chosen = |part: &str| words.is_empty() || words.iter().any(|word| part.starts_with(*word));

    let mut table = Table::new(["part", "what", "measured", "beside it", "ratio", "target"]);
    if chosen("id") {
        let rate = best_of_three(|| gated::ids(gated::CALLS));
        table.line(row("id", "small payload, ids/s", rate, None, "1.5 M"));
    }
    if chosen("map") {
        map::rows(&mut table);
    }
    if chosen("gate") {
        let rate = best_of_three_with(gated::Store::default, |store| {
            gated::new_keys(store, gated::CALLS)
        });
        table.line(row(
            "gate",
            "new keys in memory, calls/s",
            rate,
            None,
            "1 M",
        ));
        let rate = best_of_three(|| gated::replays(gated::CALLS));
        table.line(row("gate", "replays in memory, calls/s", rate, None, "1 M"));
        for (what, which) in [
            ("an id, instructions", "id"),
            ("a new key in memory, instructions", "new"),
            ("a replay in memory, instructions", "replay"),
        ] {
            if let Some(instructions) = counted::instructions(which) {
                table.line(row("gate", what, instructions, None, ""));
            }
        }
    }
    if chosen("own") {
        gated::own_part(&mut table);
    }
    if chosen("memory") {
        for records in [1_000, 100_000, 1_000_000] {
            let bytes = records::bytes_each(records);
            let what = format!("bytes a finished record, {records} of 100 bytes");
            table.line(row("memory", &what, bytes, None, "<= 400"));
        }
        for records in [1_000, 100_000, 1_000_000] {
            let rate = records::rate_at(records);
            let what = format!("claim + complete beside {records} records, calls/s");
            table.line(row("memory", &what, rate, None, "flat"));
        }
    }
    if chosen("sqlite") {
        sqlite::rows(&mut table);
    }
    if chosen("python") {
        python::rows(&mut table);
    }
    table.print();
}

/// A line of the table; with something to compare with, its ratio.
fn row(part: &str, what: &str, measured: f64, beside: Option<f64>, target: &str) -> [Cell; 6] {
    [
        Cell::text(part),
        Cell::text(what),
        Cell::number(Some(measured), 0),
        Cell::number(beside, 0),
        Cell::number(beside.map(|beside| measured / beside), 2),
        Cell::text(target),
    ]
}
