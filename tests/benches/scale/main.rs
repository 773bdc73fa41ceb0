//! The stores with many records, many calls under way, and many processes.
//!
//! ```text
//! cargo bench -p retry-tests --features postgres,redis --bench scale
//! ```
//!
//! Names after `--` keep some of the stores: `-- memory sqlite postgres redis`. `RECORDS` (1,000,000), `CALLS`
//! (20,000) and `PARTS` (`records,calls,processes`) may be set in the environment; `TMPDIR` decides on
//! which file system files and servers lie.
#![allow(clippy::print_stdout, reason = "a table is what it is for")]

mod calls;
mod memory;
mod processes;
mod records;
mod site;

use site::Site;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if processes::serve(&arguments) || !arguments.iter().any(|argument| argument == "--bench") {
        // `cargo test` runs benches too, without `--bench`: there is nothing to test.
        return;
    }
    let names: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let names: Vec<&str> = names
        .into_iter()
        .filter(|name| !name.starts_with('-'))
        .collect();
    let parts = setting("PARTS", "records,calls,processes");
    let has = |part: &str| parts.split(',').any(|chosen| chosen == part);
    for name in ["memory", "sqlite", "postgres", "redis"] {
        if !names.is_empty() && !names.contains(&name) {
            continue;
        }
        if has("records")
            && let Some(site) = Site::named(name)
        {
            println!("\n{name}, records");
            records::measure(&site, number("RECORDS", "1000000"));
        }
        if has("calls")
            && let Some(site) = Site::named(name)
        {
            println!("\n{name}, calls under way");
            calls::measure(&site, number("CALLS", "20000"));
        }
        if has("processes") && name == "sqlite" {
            println!("\n{name}, processes");
            processes::measure();
        }
    }
}

fn number(name: &str, default: &str) -> u64 {
    setting(name, default).parse().expect("a number")
}

fn setting(name: &str, default: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| default.to_owned())
}

/// Prints a line of the table.
fn line(name: &str, value: impl std::fmt::Display) {
    println!("  {name:<64} {value:>14}");
}
