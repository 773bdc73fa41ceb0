//! Counting instructions: valgrind's callgrind on a child process.

use std::path::Path;
use std::process::Command;

/// Whether valgrind can be run.
pub(crate) fn is_there() -> bool {
    Command::new("valgrind")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

/// The instructions that `program` executes with `arguments`, start-up included.
pub(crate) fn instructions(program: &Path, arguments: &[&str]) -> Option<u64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(arguments)
        .output()
        .ok()?;
    let report = String::from_utf8_lossy(&output.stderr);
    let counted = report
        .lines()
        .find_map(|line| line.split_once("Collected :"))
        .and_then(|(_, count)| count.trim().parse().ok());
    if !output.status.success() || counted.is_none() {
        println!("callgrind failed on {arguments:?}: {report}");
        return None;
    }
    counted
}
