//! The server is killed and started again, while processes are at work.

use std::thread;
use std::time::Duration;

use super::site::Site;
use super::stream::Log;
use super::worker::Worker;
use super::{Draws, on_each_server, runtime, seed, short_or_full};

/// Processes at work.
const WORKERS: u64 = 2;

/// Results that are acknowledged between one kill and the next, at least.
const BETWEEN: usize = 60;

on_each_server!(what_was_acknowledged_survives_a_killed_server_and_nothing_happens_twice);

fn what_was_acknowledged_survives_a_killed_server_and_nothing_happens_twice(mut site: Site) {
    let kills = short_or_full(3, 100);
    let seed = seed();
    let mut draws = Draws(seed);
    let mut workers: Vec<Worker> = (0..WORKERS)
        .map(|worker| {
            let task = [worker, draws.next() >> 1, 1];
            Worker::start("stream::child_streams", &site, &task)
        })
        .collect();
    let mut log = Log::default();
    for turn in 0..=kills {
        let enough = log.done() + BETWEEN;
        while log.done() < enough {
            for worker in &mut workers {
                log.hear([worker.says()]);
                log.hear(worker.has_said());
            }
        }
        if turn < kills {
            thread::sleep(Duration::from_micros(draws.below(5_000)));
            site.restart_server(turn);
        }
    }
    for mut worker in workers {
        worker.order("end");
        log.hear(worker.said());
        worker.ends();
    }
    let place = site.open();
    let stood = runtime().block_on(log.judge(&place));
    println!(
        "outage, {}: server killed {kills} times under load, {} results acknowledged, {stood}, \
         duplicates: 0 (seed {seed})",
        site.kind(),
        log.done()
    );
}
