//! Explains a policy: its waits, what they come to at worst, and what it does to a service that
//! fails or is overloaded, by the simulations.
//!
//! ```text
//! cargo run --bin explain -- FLOW_NODE_DEFAULT
//! cargo run --bin explain -- storage --jitter full --budget 0.1
//! ```
#![expect(clippy::print_stderr, reason = "a command talks to a person")]

mod arguments;
mod charts;
mod explanation;
mod prediction;
mod report;
mod schedule;

use std::io::{self, Write};
use std::process::ExitCode;
use std::{env, fs};

use arguments::{Asked, HELP};
use explanation::Explanation;
use retry_tests::simulation::chart;

fn main() -> ExitCode {
    let asked = match arguments::read(env::args().skip(1)) {
        Ok(Some(asked)) => asked,
        Ok(None) => {
            tell(HELP);
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("{error}\n`explain --help` says what there is");
            return ExitCode::from(2);
        }
    };
    let explanation = Explanation::of(&asked);
    if asked.is_json {
        tell(&explanation.json());
    } else {
        tell(&report::Report(&explanation).to_string());
    }
    write_chart(&asked, &explanation)
}

/// Standard output is the table's, or a machine's: where the chart is goes to standard error.
fn write_chart(asked: &Asked, explanation: &Explanation) -> ExitCode {
    let Some(file) = asked.chart() else {
        return ExitCode::SUCCESS;
    };
    if let Err(error) = fs::write(&file, chart::page(&charts::of(explanation))) {
        eprintln!("cannot write {}: {error}", file.display());
        return ExitCode::FAILURE;
    }
    eprintln!("chart: {}", file.display());
    ExitCode::SUCCESS
}

/// A reader that went away (`| head`) has read enough.
fn tell(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}
