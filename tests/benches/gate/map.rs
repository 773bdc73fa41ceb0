//! The in-memory store beside a bare map of 64 shards, and beside the least that could keep its rules.

use std::sync::Arc;
use std::thread;

use crate::in_memory::bare::{Bare, bare};
use crate::in_memory::store::{Store, store};
use crate::processor;
use crate::rate::{best_of_three_with, rate};
use crate::row;
use crate::table::Table;

const CALLS: u64 = 200_000;

pub(crate) fn rows(table: &mut Table<6>) {
    let [nanos, beside] = processor::nanos(["store", "limit"]);
    let what = "claim + complete beside the limit, ns of CPU";
    table.line(row("map", what, nanos, Some(beside), "1.3"));
    let kinds = ["store replay", "limit replay", "bare replay"];
    let [nanos, limit, map] = processor::nanos(kinds);
    let what = "a replay by the store beside the limit, ns of CPU";
    table.line(row("map", what, nanos, Some(limit), ""));
    let what = "the same beside the bare map";
    table.line(row("map", what, nanos, Some(map), ""));
    let measured = best_of_three_with(Store::default, |made| {
        store(made, 0, CALLS);
        CALLS
    });
    let beside = best_of_three_with(Bare::default, |map| {
        bare(map, 0, CALLS);
        CALLS
    });
    table.line(row(
        "map",
        "claim + complete, calls/s",
        measured,
        Some(beside),
        "0.5",
    ));
    let measured = (0..3).map(|_| {
        two_threads(&Arc::new(Store::default()), |made, first, calls| {
            store(made, first, calls);
        })
    });
    let beside = (0..3).map(|_| {
        two_threads(&Arc::new(Bare::default()), |map, first, calls| {
            bare(map, first, calls);
        })
    });
    let (measured, beside) = (measured.fold(0.0, f64::max), beside.fold(0.0, f64::max));
    table.line(row(
        "map",
        "the same on two threads",
        measured,
        Some(beside),
        "0.5",
    ));
}

fn two_threads<S: Send + Sync + 'static>(store: &Arc<S>, run: fn(&Arc<S>, u64, u64)) -> f64 {
    rate(|| {
        let threads = [0, CALLS].map(|first| {
            let store = store.clone();
            thread::spawn(move || run(&store, first, CALLS))
        });
        for thread in threads {
            thread.join().expect("no panic");
        }
        2 * CALLS
    })
}
