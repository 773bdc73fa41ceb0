//! What it costs to compile: CPU seconds of a cold release build of a program that depends on
//! `retry-core` with its macros, beside one on `tokio-retry2`; crate by crate, to say where it goes.
//!
//! ```text
//! cargo bench -p retry-benches --bench build_cost -- --run
//! ```
//!
//! It takes minutes, so a bare `cargo bench` passes it by. Linux only: CPU time is read from
//! `/proc`. Dependencies must be in cargo's cache, as a build of this workspace leaves them.

#![expect(clippy::print_stdout, reason = "a bench prints its table")]

mod compiler;
mod cpu_time;
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
    let core = concat!(env!("CARGO_MANIFEST_DIR"), "/../retry-core");
    let projects = [
        Project {
            name: "tokio-retry2",
            dependencies: "tokio-retry2 = \"0.9\"\n".to_owned(),
        },
        Project {
            name: "retry-core",
            dependencies: format!("retry-core = {{ path = {core:?} }}\n"),
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
