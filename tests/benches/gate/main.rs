//! The gate in memory as users build it, beside its parts and a bare map.
//!
//! ```text
//! cargo bench -p retry-benches --bench gate
//! ```
//!
//! Words after `--` keep the parts whose name begins with one of them: `-- id map gate own memory`. Rates
//! are the best of three passes on this machine: read the ratios; instructions and allocations are in
//! `--bench figures`. The stores that last, and peers, are in `-p retry-tests --bench stores`.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

#[path = "../in_memory/mod.rs"]
mod in_memory;
mod map;
mod own;
mod processor;
mod rate;
mod records;
#[path = "../table.rs"]
mod table;

use in_memory::gated;
use rate::{best_of_three, best_of_three_with};
use table::{Cell, Table};

/// Calls of a pass by the clock.
const CALLS: u64 = 300_000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if processor::serve(&arguments) || !arguments.iter().any(|argument| argument == "--bench") {
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
        let rate = best_of_three(|| pass(gated::ids));
        table.line(row("id", "small payload, ids/s", rate, None, "1.5 M"));
    }
    if chosen("map") {
        map::rows(&mut table);
    }
    if chosen("gate") {
        let rate = best_of_three_with(gated::Store::default, |store| {
            pass(|calls| gated::new_keys(store, calls))
        });
        table.line(row(
            "gate",
            "new keys in memory, calls/s",
            rate,
            None,
            "1 M",
        ));
        let rate = best_of_three(|| pass(gated::replays));
        table.line(row("gate", "replays in memory, calls/s", rate, None, "1 M"));
    }
    if chosen("own") {
        own::rows(&mut table);
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
    table.print();
}

fn pass(run: impl FnOnce(u64)) -> u64 {
    run(CALLS);
    CALLS
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
