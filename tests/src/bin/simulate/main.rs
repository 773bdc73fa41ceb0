//! Runs the simulations, prints their tables and writes their charts.
//!
//! ```text
//! cargo run --release --bin simulate            # charts into tests/charts, where the README shows them
//! cargo run --release --bin simulate -- FOLDER
//! ```
#![expect(clippy::print_stderr, reason = "a command talks to a person")]

mod contention;
mod layers;
mod load;
mod overload;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, thread};

use retry_tests::simulation::chart::{self, Chart};
use retry_tests::simulation::table::Table;

const HELP: &str = "\
Runs the simulations of retries under contention, failure and overload.

usage: simulate [FOLDER]

FOLDER is where the charts go (SVG); without it tests/charts of this repository.
Each run gives the same numbers. It takes half a minute in a release build (cargo run --release).";

const CHARTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/charts");

/// What a simulation has to say.
struct Report {
    /// What was asked.
    question: &'static str,
    table: Table,
    /// The file's name, and what is in it.
    charts: Option<(&'static str, Vec<Chart>)>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let folder = match arguments.as_slice() {
        [] => PathBuf::from(CHARTS),
        [help] if help == "--help" || help == "-h" => {
            tell(HELP);
            return ExitCode::SUCCESS;
        }
        [folder] if !folder.starts_with('-') => PathBuf::from(folder),
        [flag, ..] => {
            eprintln!("{flag:?} is not understood\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match simulate(&folder) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cannot write charts into {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

fn simulate(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
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
                let file = folder.join(name);
                fs::write(&file, chart::page(&charts))?;
                tell(&format!("chart: {}\n", file.display()));
            }
        }
        Ok(())
    })
}

/// A reader that went away (`| head`) has read enough.
fn tell(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}
