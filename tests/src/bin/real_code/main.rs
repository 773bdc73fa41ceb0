//! Puts a bare attribute on every function of published crates that returns a `Result`, and counts
//! what becomes of them.
//!
//! ```text
//! cargo run -p retry-tests --features real-code --bin real_code            # all crates
//! cargo run -p retry-tests --features real-code --bin real_code -- redis   # one of them
//! ```
//!
//! A function compiles, or is refused. A refusal must be one of ours and say what to write; the run
//! fails if more than 1 % of the refusals do not, or if the annotated crate has a warning that the
//! crate as published does not have.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command talks to a person"
)]

mod annotated;
mod diagnostic;
mod package;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::{env, io};

use annotated::Sources;
use diagnostic::Diagnostic;
use package::{CRATES, Package, Published};

/// An attribute that is always refused: a function that is not refused is not compiled at all.
const ALWAYS_REFUSED: &str = "#[::retry_core::retry_worker(real_code)] ";
const BARE: &str = "#[::retry_core::retry_worker] ";

/// A round drops the attribute from each function that has an error; errors of one kind hide those
/// of the next: names, types, borrows.
const ROUNDS: usize = 40;

/// The counts of one crate.
#[derive(Default)]
struct Count {
    compiled: usize,
    /// Refused by a message that says what to write: the functions of each message.
    cured: BTreeMap<String, usize>,
    /// Refused by any other message: the function, and the message.
    uncured: Vec<String>,
    new_warnings: Vec<String>,
}

/// The errors of one function.
struct Refusal {
    /// The first message that says what to write.
    cure: Option<String>,
    /// The first message, as the compiler prints it.
    text: String,
}

fn main() -> ExitCode {
    let names: Vec<String> = env::args().skip(1).collect();
    if let Some(unknown) = names
        .iter()
        .find(|name| CRATES.iter().all(|it| it.name != *name))
    {
        let known: Vec<_> = CRATES.iter().map(|it| it.name).collect();
        eprintln!("no crate {unknown:?}; there are {}", known.join(", "));
        return ExitCode::from(2);
    }
    let chosen = CRATES
        .iter()
        .filter(|it| names.is_empty() || names.iter().any(|name| name == it.name));
    let (mut counts, mut is_whole) = (Vec::new(), true);
    for published in chosen {
        eprintln!("{} {}", published.name, published.version);
        match count(published) {
            Ok(count) => counts.push((published, count)),
            Err(error) => {
                eprintln!("{} {}: {error}", published.name, published.version);
                is_whole = false;
            }
        }
    }
    if report(&counts) && is_whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// Annotates one crate.
fn count(published: &Published) -> io::Result<Count> {
    let package = Package::unpack(published)?;
    let before = package.check()?;
    if let Some(error) = before.iter().find(|it| it.is_error) {
        return Err(io::Error::other(format!(
            "does not compile as published: {}",
            error.text
        )));
    }
    let mut sources = Sources::read(&package.folder)?;
    sources.write(ALWAYS_REFUSED)?;
    let compiled: Vec<_> = package
        .check()?
        .iter()
        .filter_map(|it| it.function(&sources))
        .collect();
    sources.retain(|place, _| compiled.contains(&place));

    let mut refused: BTreeMap<String, Refusal> = BTreeMap::new();
    for _ in 0..ROUNDS {
        sources.write(BARE)?;
        let after = package.check()?;
        let errors: Vec<_> = after.iter().filter(|it| it.is_error).collect();
        if errors.is_empty() {
            let mut count = Count {
                compiled: sources.annotated(),
                new_warnings: new_warnings(&before, &after),
                ..Count::default()
            };
            for (name, Refusal { cure, text }) in refused {
                match cure {
                    Some(cure) => *count.cured.entry(cure).or_default() += 1,
                    None => count.uncured.push(format!("{name}: {text}")),
                }
            }
            return Ok(count);
        }
        let known = refused.len();
        for error in &errors {
            let Some(function) = error.function(&sources) else {
                continue;
            };
            let refusal = refused
                .entry(sources.name(function))
                .or_insert_with(|| Refusal {
                    cure: None,
                    text: error.text.clone(),
                });
            refusal.cure = refusal.cure.take().or_else(|| error.cure());
        }
        if refused.len() == known {
            let message = format!("an error of no function: {}", errors[0].text);
            return Err(io::Error::other(message));
        }
        sources.retain(|_, name| !refused.contains_key(name));
    }
    Err(io::Error::other("errors remain"))
}

/// Returns the warnings that the annotated crate has in excess.
fn new_warnings(before: &[Diagnostic], after: &[Diagnostic]) -> Vec<String> {
    let mut known: Vec<_> = before.iter().map(Diagnostic::place).collect();
    let mut new = Vec::new();
    for warning in after.iter().filter(|it| !it.is_error) {
        match known.iter().position(|it| *it == warning.place()) {
            Some(at) => {
                known.swap_remove(at);
            }
            None => new.push(warning.place()),
        }
    }
    new
}

/// Prints the table, and what falls short. Returns whether that is little enough.
fn report(counts: &[(&Published, Count)]) -> bool {
    let mut total = Count::default();
    println!(
        "{:<26} {:>9} {:>9} {:>14} {:>9} {:>9}",
        "crate", "functions", "compiled", "refused, cure", "no cure", "warnings"
    );
    for (published, count) in counts {
        print_row(&format!("{} {}", published.name, published.version), count);
        total.compiled += count.compiled;
        for (message, functions) in &count.cured {
            *total.cured.entry(message.clone()).or_default() += functions;
        }
        total.uncured.extend(count.uncured.iter().cloned());
        total
            .new_warnings
            .extend(count.new_warnings.iter().cloned());
    }
    print_row("all", &total);
    for (message, functions) in &total.cured {
        println!("{functions:>9} {message}");
    }
    for text in &total.uncured {
        println!("\nno cure: {text}");
    }
    for text in &total.new_warnings {
        println!("\nnew warning: {text}");
    }
    let refused = total.cured.values().sum::<usize>() + total.uncured.len();
    total.uncured.len() * 100 <= refused && total.new_warnings.is_empty()
}

fn print_row(name: &str, count: &Count) {
    let (compiled, uncured) = (count.compiled, count.uncured.len());
    let cured: usize = count.cured.values().sum();
    let functions = compiled + cured + uncured;
    let warnings = count.new_warnings.len();
    println!("{name:<26} {functions:>9} {compiled:>9} {cured:>14} {uncured:>9} {warnings:>9}");
}
