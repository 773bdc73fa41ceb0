//! The cost of a retry and of the gate in memory, beside hand-written code and other crates, in one table:
//! instructions, allocations, system calls and sizes.
//!
//! ```text
//! cargo bench -p retry-benches --bench figures                # everyone's figures
//! cargo bench -p retry-benches --bench figures -- --check     # ours, beside the committed ones
//! cargo bench -p retry-benches --bench figures -- --update    # commits ours
//! ```
//!
//! Instructions and system calls are counted by valgrind's callgrind and are repeatable; where it is
//! missing, the table reports this and has a dash for them. Words after `--` keep the rows whose id contains one
//! of them: `-- success future`. The two-thread scaling is by the clock, so it is printed and never compared.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod arguments;
mod callgrind;
mod child;
mod code;
mod committed;
#[path = "../contenders/mod.rs"]
mod contenders;
mod gate;
#[path = "../in_memory/mod.rs"]
mod in_memory;
mod measure;
mod scaling;
mod sizes;
mod symbols;
#[path = "../table.rs"]
mod table;

use std::process::ExitCode;

use arguments::{Arguments, Task};
use retry_benches::Row;
use retry_benches::{Figures, KINDS};
use table::{Cell, Table};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if child::serve(&arguments) {
        return ExitCode::SUCCESS;
    }
    let Some(arguments) = Arguments::parse(&arguments) else {
        return ExitCode::SUCCESS;
    };
    match arguments.task {
        Task::Print => print(&arguments),
        Task::Check => return committed::check(&arguments),
        Task::Update => return committed::update(&arguments),
    }
    ExitCode::SUCCESS
}

/// All rows in which calls are made.
fn rows() -> impl Iterator<Item = &'static Row> {
    contenders::ROWS.iter().chain(gate::ROWS)
}

fn print(arguments: &Arguments) {
    let counts = callgrind::is_there();
    if !counts {
        println!("valgrind is not installed: no instructions and no system calls are counted\n");
    }
    let mut table = Table::new([
        "row",
        "contender",
        "instructions",
        "x the first",
        "allocations",
        "system calls",
        "bytes",
        "two threads",
    ]);
    for row in rows().filter(|row| arguments.chooses(row.id)) {
        let scales = row.id == "counted" || row.id.starts_with("guarded");
        let mut first = None;
        for contender in row.contenders {
            let figures = measure::contender(row, contender, counts);
            let scaling = scales.then(|| child::scaling(row, contender)).flatten();
            table.line(line(row.title, &figures, &mut first, scaling));
        }
    }
    let mut first = (None, "");
    for size in sizes::all() {
        if arguments.chooses(size.row) {
            if first.1 != size.row {
                first = (None, size.row);
            }
            let figures = measure::of_size(&size);
            table.line(line(size.title, &figures, &mut first.0, None));
        }
    }
    table.print();
}

/// A line of the table; `first` is the figure of the row's first line.
fn line(
    title: &str,
    figures: &Figures,
    first: &mut Option<f64>,
    scaling: Option<f64>,
) -> [Cell; 8] {
    let [instructions, allocations, system_calls, bytes] = figures.values;
    let main = instructions.or(bytes);
    *first = first.or(main);
    let ratio = main.zip(*first).map(|(main, first)| main / first);
    let [instructions, allocations, system_calls, bytes] = [
        (instructions, KINDS[0]),
        (allocations, KINDS[1]),
        (system_calls, KINDS[2]),
        (bytes, KINDS[3]),
    ]
    .map(|(figure, kind)| Cell::number(figure, kind.decimals()));
    [
        Cell::text(title),
        Cell::text(&figures.contender),
        instructions,
        Cell::number(ratio, 2),
        allocations,
        system_calls,
        bytes,
        Cell::number(scaling, 2),
    ]
}
