//! The cost of compilation, in CPU seconds: a cold release build of a program that depends on
//! `retry-core` with its macros, beside one on `tokio-retry2`, crate by crate; and `cargo check` of 200
//! annotated functions, beside 200 loops by hand and 200 functions of `#[backon]`.
//!
//! ```text
//! cargo bench -p retry-benches --bench build_cost -- --run              # both
//! cargo bench -p retry-benches --bench build_cost -- --run functions    # or one: cold, functions
//! ```
//!
//! It takes minutes, so a bare `cargo bench` passes it by. Linux only: CPU time is read from
//! `/proc`. Dependencies must be in cargo's cache, as a build of this workspace leaves them.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod compiler;
mod cpu_time;
mod functions;
mod project;
#[path = "../table.rs"]
mod table;

use project::{Built, Project};
use table::{Cell, Table};

fn main() {
    if compiler::serve() {
        return;
    }
    if !std::env::args().any(|argument| argument == "--run") {
        println!("build_cost takes minutes; ask for it: --bench build_cost -- --run");
        return;
    }
    let words: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let chosen = |part: &str| words.is_empty() || words.iter().any(|word| part.starts_with(word));
    if chosen("functions") {
        functions();
    }
    if chosen("cold") {
        cold();
    }
}

/// `cargo check` of 200 functions that retry, the last crate alone.
fn functions() {
    let seconds = match functions::check() {
        Ok(seconds) => seconds,
        Err(error) => return println!("functions: {error}"),
    };
    let by_hand = |is_async: bool| {
        let mut all = functions::CRATES.iter().zip(&seconds);
        let found = all.find(|(one, _)| one.name == "loops by hand" && one.is_async == is_async);
        found.map_or(f64::NAN, |(_, seconds)| seconds[0])
    };
    let mut table = Table::new([
        "cargo check of 200 functions",
        "",
        "CPU seconds, least",
        "median",
        "x by hand",
    ]);
    for (functions, seconds) in functions::CRATES.iter().zip(&seconds) {
        let (least, median) = (seconds[0], seconds[seconds.len() / 2]);
        table.line([
            Cell::text(functions.name),
            Cell::text(if functions.is_async { "async" } else { "sync" }),
            Cell::number(Some(least), 2),
            Cell::number(Some(median), 2),
            Cell::number(Some(least / by_hand(functions.is_async)), 2),
        ]);
    }
    table.print();
}

/// Cold release builds of one dependency.
fn cold() {
    let core = concat!(env!("CARGO_MANIFEST_DIR"), "/../../retry-core");
    let projects = [
        Project {
            name: "tokio-retry2",
            dependencies: "tokio-retry2 = \"0.9\"\n".to_owned(),
        },
        Project {
            name: "retry-core",
            dependencies: format!("retry-annotated = {{ path = {core:?} }}\n"),
        },
    ];
    let mut built = Vec::new();
    for project in &projects {
        match project.build() {
            Ok(one) => built.push(one),
            Err(error) => println!("{}: {error}", project.name),
        }
    }
    let [peer, ours] = built.as_slice() else {
        return;
    };
    totals(peer, ours).print();
    for one in &built {
        println!();
        crates(one).print();
    }
}

fn totals(peer: &Built, ours: &Built) -> Table<3> {
    let own = ["retry_core", "retry_macros"];
    let of_own: f64 = own.iter().map(|name| ours.seconds_of(name)).sum();
    let mut table = Table::new(["cold release build", "CPU seconds", "x tokio-retry2"]);
    for (what, seconds) in [
        ("tokio-retry2", peer.total),
        ("retry-core with macros", ours.total),
        ("its dependencies alone", ours.total - of_own),
    ] {
        table.line([
            Cell::text(what),
            Cell::number(Some(seconds), 1),
            Cell::number(Some(seconds / peer.total), 2),
        ]);
    }
    table
}

fn crates(built: &Built) -> Table<3> {
    let mut table = Table::new([built.name, "CPU seconds", "share %"]);
    for (name, seconds) in &built.crates {
        table.line([
            Cell::text(name),
            Cell::number(Some(*seconds), 2),
            Cell::number(Some(seconds / built.total * 100.0), 0),
        ]);
    }
    table
}
