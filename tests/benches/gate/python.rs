//! The Python package that the gate is modelled on, in the same run.

use std::path::Path;
use std::process::Command;

use crate::row;
use crate::table::Table;

const SCRIPT: &str = r#"
import sys, time
from nodus_retry import InMemoryEffectStore, SqliteEffectStore, compute_action_id

def rate(calls, run):
    began = time.perf_counter()
    for call in range(calls):
        run(call)
    return calls / (time.perf_counter() - began)

def through(store):
    def run(call):
        action = compute_action_id("charge", {"order_id": call, "cents": 1999}, scope="")
        found, result = store.resolve(action)
        store.pending(action, "")
        store.complete(action, "success", {"cents": 1999})
    return run

def bare(store):
    def run(call):
        action = str(call)
        store.pending(action, "")
        store.complete(action, "success", {"cents": 1999})
    return run

identify = lambda call: compute_action_id("charge", {"order_id": call, "cents": 1999}, scope="tenant-7")
print(rate(100_000, identify))
print(rate(100_000, bare(InMemoryEffectStore())))
print(rate(100_000, through(InMemoryEffectStore())))
print(rate(1_000, through(SqliteEffectStore(sys.argv[1]))))
"#;

pub(crate) fn rows(table: &mut Table<6>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let Some(rates) = rates(folder.path()) else {
        println!("Python, or its package, is not to be had: its rows are left out");
        return;
    };
    let rows = [
        "Python package: ids/s",
        "Python package: claim + complete in memory, calls/s",
        "Python package: a call in memory, calls/s",
        "Python package: a call in SQLite (its own durability), calls/s",
    ];
    for (what, rate) in rows.iter().zip(rates) {
        table.line(row("python", what, rate, None, ""));
    }
}

fn rates(folder: &Path) -> Option<Vec<f64>> {
    let environment = folder.join("venv");
    run(Command::new("python3")
        .args(["-m", "venv"])
        .arg(&environment))?;
    let python = environment.join("bin/python");
    run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "nodus-retry==0.2.0"]))?;
    let printed = run(Command::new(&python)
        .args(["-c", SCRIPT])
        .arg(folder.join("python.db")))?;
    printed.lines().map(|line| line.parse().ok()).collect()
}

fn run(command: &mut Command) -> Option<String> {
    let output = command.output().ok()?;
    if !output.status.success() {
        println!("{}", String::from_utf8_lossy(&output.stderr));
        return None;
    }
    String::from_utf8(output.stdout).ok()
}
