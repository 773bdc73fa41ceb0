//! The committed figures: their check, and their renewal.

use std::process::{Command, ExitCode};
use std::{env, fs};

use retry_benches::{Change, Figures, Table, compare};

use crate::arguments::Arguments;
use crate::{callgrind, measure};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/figures.md");

const RENEW: &str = "cargo bench -p retry-benches --bench figures -- --update";

/// The text above the table.
const PREFACE: &str = "\
# Figures

The figures of this project's code, a call: written by `cargo bench -p retry-benches --bench figures --
--update`, compared in CI by `-- --check`, which fails where a figure has grown by more than 5 % and by more
than half a unit. A commit that raises a figure says why. Under valgrind a reading of the clock is a system
call.

";

/// Compares this project's figures with the committed ones. Fails where one has grown.
pub(crate) fn check(arguments: &Arguments) -> ExitCode {
    let table: Table = match fs::read_to_string(FILE) {
        Err(error) => return failure(&format!("{FILE}: {error}")),
        Ok(text) => match text.parse() {
            Err(error) => return failure(&format!("{FILE}: {error}")),
            Ok(table) => table,
        },
    };
    if !callgrind::is_there() {
        return skipped("valgrind is not installed: the figures are not compared");
    }
    let compiler = compiler();
    if table.compiler != compiler {
        return skipped(&format!(
            "the table is by {}, this is {compiler}: the figures are not compared; renew them: {RENEW}",
            table.compiler
        ));
    }
    let committed: Vec<Figures> = table
        .lines
        .into_iter()
        .filter(|line| arguments.chooses(&line.row))
        .collect();
    let (failures, fallen): (Vec<Change>, Vec<Change>) =
        compare(&committed, &measure::ours(arguments))
            .into_iter()
            .partition(Change::is_failure);
    if !fallen.is_empty() {
        println!("fallen by more than 5 %; renew the table: {RENEW}");
        fallen.iter().for_each(|change| println!("  {change}"));
    }
    if failures.is_empty() {
        println!("{} contenders: no figure has grown", committed.len());
        return ExitCode::SUCCESS;
    }
    println!("grown by more than 5 %, or on one side only; a commit that means it runs {RENEW}");
    failures.iter().for_each(|change| println!("  {change}"));
    ExitCode::FAILURE
}

/// Writes this project's figures.
pub(crate) fn update(arguments: &Arguments) -> ExitCode {
    if !callgrind::is_there() {
        return failure("valgrind is not installed: no figures are written");
    }
    if !arguments.choose_all() {
        return failure("the table is written as a whole: no words after --update");
    }
    let table = Table {
        compiler: compiler(),
        lines: measure::ours(arguments),
    };
    match fs::write(FILE, format!("{PREFACE}{table}")) {
        Err(error) => failure(&format!("{FILE}: {error}")),
        Ok(()) => {
            println!("{FILE}: {} contenders", table.lines.len());
            ExitCode::SUCCESS
        }
    }
}

/// In CI a check that cannot be made is a failure.
fn skipped(reason: &str) -> ExitCode {
    if env::var_os("CI").is_some() {
        return failure(reason);
    }
    println!("{reason}");
    ExitCode::SUCCESS
}

fn failure(reason: &str) -> ExitCode {
    println!("{reason}");
    ExitCode::FAILURE
}

/// The compiler that cargo takes here, and the processor's architecture.
fn compiler() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = Command::new(rustc)
        .arg("--version")
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let version = version.unwrap_or_else(|error| format!("an unknown rustc ({error})"));
    format!("{version}, {}", env::consts::ARCH)
}
