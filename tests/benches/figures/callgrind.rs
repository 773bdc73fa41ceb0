//! Counting instructions and system calls: valgrind's callgrind on a child process.
//!
//! Under valgrind a reading of the clock is a system call, as it is on systems without a vDSO.

use std::path::Path;
use std::process::Command;

/// The counts of one process, start-up included.
pub(crate) struct Counts {
    pub(crate) instructions: u64,
    pub(crate) system_calls: u64,
}

/// Whether valgrind can be run.
pub(crate) fn is_there() -> bool {
    Command::new("valgrind")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

/// Counts what `program` executes with `arguments`.
pub(crate) fn count(program: &Path, arguments: &[&str]) -> Option<Counts> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg("--collect-systime=yes")
        .arg(program)
        .args(arguments)
        .output()
        .ok()?;
    let report = String::from_utf8_lossy(&output.stderr);
    let counts = counts(&report);
    if !output.status.success() || counts.is_none() {
        println!("callgrind failed on {arguments:?}: {report}");
        return None;
    }
    counts
}

/// Reads the two lines that name the events and give their counts.
fn counts(report: &str) -> Option<Counts> {
    let cells = |key: &str| {
        let line = report.lines().find_map(|line| line.split_once(key))?;
        Some(line.1.split_whitespace())
    };
    let (events, collected) = (cells("Events    :")?, cells("Collected :")?);
    let count = |event: &str| {
        let mut pairs = events.clone().zip(collected.clone());
        pairs.find(|(name, _)| *name == event)?.1.parse().ok()
    };
    Some(Counts {
        instructions: count("Ir")?,
        system_calls: count("sysCount")?,
    })
}
