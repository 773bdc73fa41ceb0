//! The program: reads the command line, runs the task, and reports the exit code.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::process::ExitCode;

use clap::Parser;

use super::arguments::{Arguments, Task};
use super::failure::Failure;
use super::opened_store::OpenedStore;
use super::screen::Screen;
use super::{list, purge, secrets, settle, show, stats};

/// Runs the command line, and reports the result.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(usage) => return explained(&usage),
    };
    let json = arguments.json;
    let out = BufWriter::new(io::stdout().lock());
    let mut screen = Screen::new(Box::new(out), json);
    let done = perform(arguments, &mut screen);
    match done.and_then(|()| Ok(screen.flush()?)) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has closed the pipe: `| head`.
        Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(failure) => {
            // The output from before the failure comes first.
            let _ = screen.flush();
            let _ = writeln!(io::stderr(), "{}", failure.message(json));
            failure.exit_code()
        }
    }
}

fn perform(arguments: Arguments, screen: &mut Screen<'_>) -> Result<(), Failure> {
    let opened = OpenedStore::open(arguments.store)?;
    match arguments.task {
        Task::List(what) => list::list(&opened, &what, screen),
        Task::Show(what) => show::show(&opened, &what, screen),
        Task::Settle(what) => settle::settle(&opened, &what, screen),
        Task::Purge(what) => purge::purge(&opened, &what, screen),
        Task::Stats => stats::stats(&opened, screen),
    }
}

/// Prints the help, or the mistake in the command line.
fn explained(usage: &clap::Error) -> ExitCode {
    let mut text = usage.render().to_string();
    // clap quotes arguments that it cannot parse; one may be an address with a password.
    for argument in std::env::args_os().skip(1) {
        let argument = argument.to_string_lossy();
        let value = argument.split_once('=').map_or("", |(_, value)| value);
        let glued = argument.strip_prefix("-s").unwrap_or_default();
        for address in [&*argument, value, glued] {
            let shown = secrets::hidden(address);
            if shown != address {
                text = text.replace(address, &shown);
            }
        }
    }
    // A closed pipe is no reason to fail.
    let _ = if usage.use_stderr() {
        write!(io::stderr(), "{text}")
    } else {
        write!(io::stdout(), "{text}")
    };
    u8::try_from(usage.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}
