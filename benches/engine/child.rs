//! Each figure is measured in a process of its own, so that no contender finds another's traces:
//! this program starts itself with what to do, and prints one number.

use std::env;
use std::process::Command;

use super::contenders::{Contender, ROWS};
use super::{callgrind, scaling};

const RUN: &str = "--run";
const ALLOCATIONS: &str = "--allocations";
const SCALING: &str = "--scaling";

/// Calls before the first that counts: whatever is made once is made by then.
const WARM_UP: u64 = 1_000;
/// Calls that count.
const COUNTED: u64 = 10_000;

/// Does what a parent process asked for, if one did.
pub(crate) fn serve(arguments: &[String]) -> bool {
    let [task, row, contender, calls] = arguments else {
        return false;
    };
    let found = ROWS
        .iter()
        .find(|one| one.id == row)
        .and_then(|row| row.contenders.iter().find(|one| one.name == contender));
    let (Some(contender), Ok(calls)) = (found, calls.parse()) else {
        return false;
    };
    match task.as_str() {
        RUN => (contender.run)(calls),
        ALLOCATIONS => println!("{}", count_allocations(contender, calls)),
        SCALING => println!("{}", scaling::two_threads(contender)),
        _ => return false,
    }
    true
}

/// Instructions a call: the difference of two runs, so that start-up and warm-up cancel.
pub(crate) fn instructions(row: &str, contender: &str) -> Option<f64> {
    let program = env::current_exe().ok()?;
    let run = |calls: u64| {
        let calls = calls.to_string();
        callgrind::instructions(&program, &[RUN, row, contender, &calls])
    };
    let (short, long) = (run(WARM_UP)?, run(WARM_UP + COUNTED)?);
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    Some(long.saturating_sub(short) as f64 / COUNTED as f64)
}

/// Allocations a call.
pub(crate) fn allocations(row: &str, contender: &str) -> Option<f64> {
    ask(ALLOCATIONS, row, contender)
}

/// How many times the calls that one thread makes two threads make in the same time.
pub(crate) fn scaling(row: &str, contender: &str) -> Option<f64> {
    ask(SCALING, row, contender)
}

fn ask(task: &str, row: &str, contender: &str) -> Option<f64> {
    let program = env::current_exe().ok()?;
    let output = Command::new(program)
        .args([task, row, contender, &COUNTED.to_string()])
        .output()
        .ok()?;
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn count_allocations(contender: &Contender, calls: u64) -> f64 {
    (contender.run)(WARM_UP);
    let counted = allocation_counter::measure(|| (contender.run)(calls));
    counted.count_total as f64 / calls as f64
}
