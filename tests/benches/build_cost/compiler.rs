//! This program in rustc's place: cargo starts it as its wrapper, and it writes down what each crate
//! takes.

use std::env;
use std::fs::OpenOptions;
use std::io::Write;
use std::process::{Command, exit};

use super::cpu_time;

/// Names the file that a wrapped compiler adds its line to.
pub(crate) const LOG: &str = "RETRY_BUILD_COST_LOG";

/// Runs the compiler, if this process was started in its place.
pub(crate) fn serve() -> bool {
    let Ok(log) = env::var(LOG) else {
        return false;
    };
    let mut arguments = env::args().skip(1);
    let Some(compiler) = arguments.next() else {
        return false;
    };
    let arguments: Vec<String> = arguments.collect();
    let status = Command::new(compiler).args(&arguments).status();
    if let (Some(name), Some(seconds)) = (crate_name(&arguments), cpu_time::of_children())
        && let Ok(mut log) = OpenOptions::new().create(true).append(true).open(log)
    {
        // Without its line a crate would be missing from the table, and the sum would tell.
        let _ = writeln!(log, "{name} {seconds}");
    }
    exit(status.ok().and_then(|status| status.code()).unwrap_or(1));
}

fn crate_name(arguments: &[String]) -> Option<&String> {
    let at = arguments
        .iter()
        .position(|argument| argument == "--crate-name")?;
    // Cargo asks the compiler about itself under a name that no crate has.
    arguments.get(at + 1).filter(|name| *name != "___")
}
