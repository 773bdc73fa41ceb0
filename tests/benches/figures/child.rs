//! Each figure is measured in a process of its own, so that no contender finds another's traces:
//! this program starts itself with what to do, and prints one number.

use std::env;
use std::process::Command;

use crate::{callgrind, rows, scaling};
use retry_benches::{Contender, Row};

const RUN: &str = "--run";
const RUN_TAKEN_OFF: &str = "--run-taken-off";
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
    let found = rows()
        .find(|one| one.id == row)
        .and_then(|row| row.contenders.iter().find(|one| one.name == contender));
    let (Some(contender), Ok(calls)) = (found, calls.parse()) else {
        return false;
    };
    match task.as_str() {
        RUN => (contender.run)(calls),
        RUN_TAKEN_OFF => contender.taken_off.into_iter().for_each(|run| run(calls)),
        ALLOCATIONS => println!("{}", count_allocations(contender, calls)),
        SCALING => println!("{}", scaling::two_threads(contender)),
        _ => return false,
    }
    true
}

/// The counts of callgrind, per call.
#[derive(Clone, Copy)]
pub(crate) struct PerCall {
    pub(crate) instructions: f64,
    pub(crate) system_calls: f64,
}

/// Instructions and system calls a call.
pub(crate) fn counts(row: &Row, contender: &Contender) -> Option<PerCall> {
    let all = difference(RUN, row, contender)?;
    if contender.taken_off.is_none() {
        return Some(all);
    }
    let part = difference(RUN_TAKEN_OFF, row, contender)?;
    Some(PerCall {
        instructions: all.instructions - part.instructions,
        system_calls: all.system_calls - part.system_calls,
    })
}

/// The difference of two runs, so that start-up and warm-up cancel.
fn difference(task: &str, row: &Row, contender: &Contender) -> Option<PerCall> {
    let program = env::current_exe().ok()?;
    let run = |calls: u64| {
        let calls = calls.to_string();
        callgrind::count(&program, &[task, row.id, contender.name, &calls])
    };
    let (short, long) = (run(WARM_UP)?, run(WARM_UP + COUNTED)?);
    Some(PerCall {
        instructions: per_call(long.instructions.saturating_sub(short.instructions)),
        system_calls: per_call(long.system_calls.saturating_sub(short.system_calls)),
    })
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn per_call(count: u64) -> f64 {
    count as f64 / COUNTED as f64
}

/// Allocations a call.
pub(crate) fn allocations(row: &Row, contender: &Contender) -> Option<f64> {
    ask(ALLOCATIONS, row, contender)
}

/// How many times the calls that one thread makes two threads make in the same time.
pub(crate) fn scaling(row: &Row, contender: &Contender) -> Option<f64> {
    ask(SCALING, row, contender)
}

fn ask(task: &str, row: &Row, contender: &Contender) -> Option<f64> {
    let program = env::current_exe().ok()?;
    let output = Command::new(program)
        .args([task, row.id, contender.name, &COUNTED.to_string()])
        .output()
        .ok()?;
    String::from_utf8_lossy(&output.stdout).trim().parse().ok()
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn count_allocations(contender: &Contender, calls: u64) -> f64 {
    let count = |run: fn(u64)| {
        run(WARM_UP);
        allocation_counter::measure(|| run(calls)).count_total as f64 / calls as f64
    };
    count(contender.run) - contender.taken_off.map_or(0.0, count)
}
