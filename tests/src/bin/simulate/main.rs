//! Runs the simulations, prints their tables and writes their charts.
//!
//! ```text
//! cargo run --release --bin simulate            # charts into tests/charts, where the README shows them
//! cargo run --release --bin simulate -- FOLDER
//! cargo run --release --bin simulate -- --check # fails if the committed charts are others
//! ```
#![expect(clippy::print_stderr, reason = "a command talks to a person")]

mod contention;
mod layers;
mod load;
mod overload;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fmt, fs, thread};

use retry_tests::simulation::chart::{self, Chart};
use retry_tests::simulation::table::Table;

const HELP: &str = "\
Runs the simulations of retries under contention, failure and overload.

usage: simulate [FOLDER | --check]

FOLDER is where the charts go (SVG); without it tests/charts of this repository. With --check nothing is
written: it is an error if a chart there differs from the one drawn now.
Each run gives the same numbers. It takes half a minute in a release build (cargo run --release).";

const CHARTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/charts");

/// The report of a simulation.
struct Report {
    question: &'static str,
    table: Table,
    /// The file's name, and what is in it.
    charts: Option<(&'static str, Vec<Chart>)>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => simulate(|name, svg| write(Path::new(CHARTS), name, svg)),
        ["--help" | "-h"] => {
            tell(HELP);
            return ExitCode::SUCCESS;
        }
        ["--check"] => simulate(check),
        [folder] if !folder.starts_with('-') => {
            simulate(|name, svg| write(Path::new(folder), name, svg))
        }
        [flag, ..] => {
            eprintln!("{flag:?} is not understood\n\n{HELP}");
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

/// Why a chart is not where it should be.
enum ChartError {
    File { file: PathBuf, source: io::Error },
    Differs(&'static str),
}

impl fmt::Display for ChartError {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { file, source } => write!(to, "{}: {source}", file.display()),
            Self::Differs(name) => write!(
                to,
                "tests/charts/{name} is not what the simulations draw; `cargo run --release --bin simulate` \
                 renews the charts, and tests/charts/README.md quotes their figures"
            ),
        }
    }
}

fn write(folder: &Path, name: &'static str, svg: &str) -> Result<(), ChartError> {
    let file = folder.join(name);
    let written = fs::create_dir_all(folder).and_then(|()| fs::write(&file, svg));
    written.map_err(|source| ChartError::File {
        file: file.clone(),
        source,
    })?;
    tell(&format!("chart: {}\n", file.display()));
    Ok(())
}

fn check(name: &'static str, svg: &str) -> Result<(), ChartError> {
    let file = Path::new(CHARTS).join(name);
    match fs::read_to_string(&file) {
        Ok(committed) if committed == svg => Ok(()),
        Ok(_) => Err(ChartError::Differs(name)),
        Err(source) => Err(ChartError::File { file, source }),
    }
}

/// Runs all simulations, prints their tables, and hands on their charts.
fn simulate(
    chart_drawn: impl Fn(&'static str, &str) -> Result<(), ChartError>,
) -> Result<(), ChartError> {
    let simulations = [
        contention::report,
        load::report,
        layers::report,
        overload::report,
    ];
    thread::scope(|scope| {
        let running = simulations.map(|simulation| scope.spawn(simulation));
        for report in running {
            let report = report.join().expect("a simulation does not panic");
            tell(&format!("{}\n\n{}", report.question, report.table));
            if let Some((name, charts)) = report.charts {
                chart_drawn(name, &chart::page(&charts))?;
            }
        }
        Ok(())
    })
}

/// A reader that went away (`| head`) has read enough.
fn tell(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}
