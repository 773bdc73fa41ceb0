//! `kill -9` of a process at any moment, by another one.

use retry_tests::Random;
use std::thread;
use std::time::Duration;

use super::site::Site;
use super::stream::{Log, Stood};
use super::worker::Worker;
use super::{on_each_store, runtime, seed, short_or_full};

/// How long a worker is let live, in microseconds.
const LIFE: u64 = 60_000;

on_each_store!(a_process_that_dies_at_any_moment_leaves_no_more_than_doubt);

fn a_process_that_dies_at_any_moment_leaves_no_more_than_doubt(site: &Site) {
    let kills = short_or_full(50, 2_500);
    let seed = seed();
    let place = site.open();
    let runtime = runtime();
    let mut draws = Random::seeded(seed);
    let mut stood = Stood::default();
    for kill in 0..kills {
        let task = [kill, draws.bits() >> 1, 0];
        let mut worker = Worker::start("stream::child_streams", site, &task);
        let mut log = Log::default();
        log.hear([worker.says()]);
        // Not to wait for anything: any moment will do.
        thread::sleep(Duration::from_micros(draws.below(LIFE)));
        worker.kill();
        worker.dies();
        log.hear(worker.said());
        runtime.block_on(place.outlast(worker.id()));
        stood.add(&runtime.block_on(log.judge(&place)));
    }
    println!(
        "kill at random, {}: {kills} kills, {stood}, duplicates: 0 (seed {seed})",
        site.kind()
    );
}
