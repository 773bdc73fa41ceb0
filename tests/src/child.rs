//! This test program once more, as a process of its own: for tests of what a process reads or starts
//! once.

use std::process::Command;

const CHILD: &str = "RETRY_TESTS_CHILD";

/// Whether this process is a [`child`].
#[must_use]
pub fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// Returns the command that runs this program with the test of this name only, as a child.
///
/// # Panics
///
/// If the path of this program is not known.
#[must_use]
pub fn child(test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(CHILD, "1");
    command
}

/// Runs a command and returns what it printed.
///
/// # Panics
///
/// If it fails.
#[track_caller]
pub fn printed_by(command: &mut Command) -> String {
    let output = command.output().expect("it runs");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}\n{complaint}");
    printed
}

/// Whether this process is the child that is to run the test of this name; if not, runs it as a child.
///
/// # Panics
///
/// If the child fails.
#[must_use]
pub fn alone(test: &str, variables: &[(&str, &str)]) -> bool {
    if is_child() {
        return true;
    }
    let printed = printed_by(child(test).envs(variables.iter().copied()));
    assert!(printed.contains("1 passed"), "{printed}");
    false
}
