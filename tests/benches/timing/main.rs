//! Time a call, by criterion, and each contender's ratio to the hand-written loop of the same run.
//!
//! ```text
//! cargo bench -p retry-benches --features timing --bench timing
//! ```
//!
//! A clock is noisy: read the ratios on an idle machine, and trust `--bench figures` for what is
//! close.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

#[path = "../contenders/mod.rs"]
mod contenders;
#[path = "../table.rs"]
mod table;

use std::fs;
use std::path::Path;
use std::time::Duration;

use contenders::ROWS;
use criterion::Criterion;
use retry_benches::{FLOOR, Row};
use table::{Cell, Table};

/// Calls in one measured pass: enough to drown the clock, few enough to stay in the cache.
const CALLS: u64 = 100;

/// Statistics are switched on for the process and for good, so their row would change the others.
const PROCESS_WIDE: &str = "counted";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        // `cargo test` runs benches too, without `--bench`: there is nothing to test.
        return;
    }
    let words: Vec<&String> = arguments
        .iter()
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let chosen = |id: &str| words.is_empty() || words.iter().any(|word| id.contains(*word));

    let results = std::env::temp_dir().join(format!("retry-timing-{}", std::process::id()));
    let mut criterion = Criterion::default()
        .output_directory(&results)
        .without_plots()
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800));
    let rows = || {
        ROWS.iter()
            .filter(|row| row.id != PROCESS_WIDE && chosen(row.id))
    };
    for row in rows() {
        let mut group = criterion.benchmark_group(row.id);
        for (index, contender) in row.contenders.iter().enumerate() {
            group.bench_function(id(index), |bencher| bencher.iter(|| (contender.run)(CALLS)));
        }
        group.finish();
    }
    let mut table = Table::new(["row", "contender", "ns/call", "x hand-written"]);
    for row in rows() {
        report(row, &results, &mut table);
    }
    println!();
    table.print();
    // Files left behind in a temporary folder do no harm.
    let _ = fs::remove_dir_all(results);
}

/// Names of contenders are no names of folders.
fn id(index: usize) -> String {
    format!("contender-{index:02}")
}

fn report(row: &Row, results: &Path, table: &mut Table<4>) {
    let times: Vec<Option<f64>> = (0..row.contenders.len())
        .map(|index| median(&results.join(row.id).join(id(index))))
        .collect();
    let floor = row
        .contenders
        .iter()
        .position(|contender| contender.name == FLOOR)
        .and_then(|index| times[index]);
    for (contender, time) in row.contenders.iter().zip(times) {
        let ratio = time.zip(floor).map(|(time, floor)| time / floor);
        table.line([
            Cell::text(row.title),
            Cell::text(contender.name),
            Cell::number(time, 1),
            Cell::number(ratio, 2),
        ]);
    }
}

/// The median that criterion has written down, in nanoseconds a call.
fn median(folder: &Path) -> Option<f64> {
    let text = fs::read_to_string(folder.join("new").join("estimates.json")).ok()?;
    let (_, median) = text.split_once("\"median\":")?;
    let (_, estimate) = median.split_once("\"point_estimate\":")?;
    let number: String = estimate
        .chars()
        .take_while(|char| !matches!(char, ',' | '}'))
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "a small constant")]
    Some(number.trim().parse::<f64>().ok()? / CALLS as f64)
}
