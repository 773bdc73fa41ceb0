//! Processor time a call, of a child process.

use std::hint::black_box;
use std::process::Command;

use crate::in_memory::store::{self, Store};
use crate::in_memory::{bare, gated, limit};
use crate::own;
use crate::rate::on_processor;

const ROLE: &str = "timed";

/// As a child: so many calls of one kind.
pub(crate) fn serve(arguments: &[String]) -> bool {
    let [role, kind, calls] = arguments else {
        return false;
    };
    if role != ROLE {
        return false;
    }
    let calls = calls.parse().expect("a number");
    // One-time work happens in this run, which is not measured.
    run(kind, 1_000);
    let began = on_processor();
    run(kind, calls);
    println!("{}", on_processor() - began);
    true
}

fn run(kind: &str, calls: u64) {
    match kind {
        "id" => gated::ids(calls),
        "by store" => own::by_store(&gated::Store::default(), calls),
        "new" => gated::new_keys(&gated::Store::default(), calls),
        "replay" => gated::replays(calls),
        "store" => store::store(&Store::default(), 0, calls),
        "store replay" => store::replays(calls),
        "limit" => {
            let store = limit::Limit::default();
            limit::limit(&store, 0, calls);
            black_box(store.sum());
        }
        "limit replay" => limit::replays(calls),
        "bare replay" => bare::replays(calls),
        other => panic!("no calls are named {other}"),
    }
}

/// Nanoseconds of processor time a call, the end of the store included: the least of several children,
/// each with memory of its own. Kinds take turns, so that a machine that slows down does so for all.
#[expect(clippy::cast_precision_loss, reason = "a mean")]
pub(crate) fn nanos<const N: usize>(kinds: [&str; N]) -> [f64; N] {
    const CALLS: u64 = 100_000;
    let program = std::env::current_exe().expect("it is known");
    let once = |kind: &str| -> f64 {
        let mut child = Command::new(&program);
        let printed = child.args([ROLE, kind, &CALLS.to_string()]).output();
        let printed = String::from_utf8(printed.expect("it runs").stdout).expect("digits");
        printed.trim().parse::<u64>().expect("a number") as f64 / CALLS as f64
    };
    let mut least = [f64::MAX; N];
    for _ in 0..15 {
        for (least, kind) in least.iter_mut().zip(kinds) {
            *least = least.min(once(kind));
        }
    }
    least
}
