//! Instructions and processor time a call, of a child process.

use std::process::Command;

use crate::rate::on_processor;
use crate::{callgrind, gated, limit, map};

/// As a child: so many calls of one kind.
pub(crate) fn serve(arguments: &[String]) -> bool {
    let [role, which, calls] = arguments else {
        return false;
    };
    if role != "counted" && role != "timed" {
        return false;
    }
    let calls = calls.parse().expect("a number");
    if role == "counted" {
        run(which, calls);
        return true;
    }
    // What happens once happens here.
    run(which, 1_000);
    let began = on_processor();
    run(which, calls);
    println!("{}", on_processor() - began);
    true
}

fn run(which: &str, calls: u64) {
    match which {
        "id" => _ = gated::ids(calls),
        "by store" => gated::by_store(&gated::Store::default(), calls),
        "new" => _ = gated::new_keys(&gated::Store::default(), calls),
        "replay" => _ = gated::replays(calls),
        "ours" => map::ours(&map::Ours::default(), 0, calls),
        "limit" => {
            let store = limit::Limit::default();
            limit::limit(&store, 0, calls);
            std::hint::black_box(store.sum());
        }
        "bare" => map::bare(&map::Bare::default(), 0, calls),
        other => panic!("no calls are named {other}"),
    }
}

/// Nanoseconds of processor time a call, the end of the store included: the least of several children,
/// each with memory of its own. Kinds take turns, so that a machine that slows down does so for all.
#[expect(clippy::cast_precision_loss, reason = "a mean")]
pub(crate) fn nanos<const N: usize>(kinds: [&str; N]) -> [f64; N] {
    const CALLS: u64 = 100_000;
    let program = std::env::current_exe().expect("it is known");
    let once = |which: &str| -> f64 {
        let mut child = Command::new(&program);
        let told = child.args(["timed", which, &CALLS.to_string()]).output();
        let told = String::from_utf8(told.expect("it runs").stdout).expect("digits");
        told.trim().parse::<u64>().expect("a number") as f64 / CALLS as f64
    };
    let mut least = [f64::MAX; N];
    for _ in 0..15 {
        for (least, which) in least.iter_mut().zip(kinds) {
            *least = least.min(once(which));
        }
    }
    least
}

/// The difference between two numbers of calls; `None` without valgrind.
#[expect(clippy::cast_precision_loss, reason = "a count")]
pub(crate) fn instructions(which: &str) -> Option<f64> {
    let program = std::env::current_exe().ok()?;
    callgrind::is_there().then_some(())?;
    let count = |calls| callgrind::instructions(&program, &["counted", which, calls]);
    let (few, many) = (count("10000")?, count("20000")?);
    Some((many - few) as f64 / 10_000.0)
}
