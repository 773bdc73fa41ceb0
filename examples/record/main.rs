//! Records what `quickstart` prints as `quickstart.svg`, which the README shows.
//!
//! ```text
//! cargo run --bin record              # runs it, and writes the drawing
//! cargo run --bin record -- --check   # fails if the committed drawing is not what it prints today
//! ```
//!
//! Each run has other waits, by jitter and by the machine. The check draws a new run with the
//! durations of the committed one: all else must be equal, byte for byte.
#![expect(clippy::print_stderr, reason = "a command talks to a person")]

mod drawing;
mod output;

use std::process::{Command, ExitCode, Stdio};
use std::{env, fs, io};

use output::{Line, Unknown};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/quickstart.svg");
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
const HELP: &str = "\
usage: record [--check]

Runs quickstart, and writes what it prints as examples/quickstart.svg; with --check compares only.";
/// Quickstart's waits leave 0.1 s for each thing that is late. A machine that is busy for longer makes an
/// attempt more: that run is another film of the same program, and the check records again.
const RUNS: u32 = 5;

#[derive(Debug, thiserror::Error)]
enum RecordError {
    #[error("quickstart does not start: {0}")]
    Start(#[source] io::Error),
    #[error("quickstart failed: {0}")]
    Failed(std::process::ExitStatus),
    #[error("quickstart prints what is not UTF-8")]
    Text(#[from] std::string::FromUtf8Error),
    #[error(transparent)]
    Unknown(#[from] Unknown),
    #[error("{FILE}: {0}")]
    File(#[source] io::Error),
    #[error(
        "examples/quickstart.svg is not what quickstart prints; `cargo run --bin record` renews it. \
         First difference:\n  drawn:   {drawn}\n  printed: {printed}"
    )]
    Differs { drawn: String, printed: String },
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => write(),
        ["--check"] => check(),
        _ => {
            eprintln!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn write() -> Result<(), RecordError> {
    fs::write(FILE, drawing::of(&record()?)).map_err(RecordError::File)
}

fn check() -> Result<(), RecordError> {
    let committed = fs::read_to_string(FILE).map_err(RecordError::File)?;
    let drawn = drawing::texts(&committed);
    let mut runs = 0;
    loop {
        let mut lines = record()?;
        output::take_durations(&mut lines, &drawn);
        runs += 1;
        if drawing::of(&lines) == committed {
            return Ok(());
        }
        if runs == RUNS {
            return Err(difference(&drawn, &lines));
        }
    }
}

/// Returns the first line that differs; with equal lines, the style of the drawing does.
fn difference(drawn: &[String], lines: &[Line]) -> RecordError {
    let printed: Vec<String> = lines.iter().map(Line::text).collect();
    let last = drawn.len().max(printed.len());
    let line = |lines: &[String], at: usize| lines.get(at).cloned();
    let differs = (0..last).find(|at| line(drawn, *at) != line(&printed, *at));
    let show = |lines: &[String]| match differs {
        Some(at) => line(lines, at).unwrap_or_else(|| "(no line)".to_owned()),
        None => "(the same lines, drawn in another way)".to_owned(),
    };
    RecordError::Differs {
        drawn: show(drawn),
        printed: show(&printed),
    }
}

/// Runs quickstart, with colours although nobody sees a terminal.
fn record() -> Result<Vec<Line>, RecordError> {
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["run", "--quiet", "--locked", "--bin", "quickstart"])
        .current_dir(ROOT)
        .env("CLICOLOR_FORCE", "1")
        .stderr(Stdio::inherit())
        .output()
        .map_err(RecordError::Start)?;
    if !output.status.success() {
        return Err(RecordError::Failed(output.status));
    }
    Ok(output::lines(&String::from_utf8(output.stdout)?)?)
}
