//! The server is killed and started again, while processes are at work.

use std::cell::RefCell;
use std::thread;
use std::time::Duration;

use retry_effects::{EffectError, StoreError};
use retry_tests::Random;

use super::failure::Failure;
use super::point::{Policy, Standing};
use super::recovery::Task;
use super::site::Site;
use super::stream::Log;
use super::worker::Worker;
use super::{on_each_server, runtime, seed, short_or_full};

/// Processes at work.
const WORKERS: u64 = 2;

/// Results that are acknowledged between one kill and the next, at least.
const BETWEEN: usize = 60;

on_each_server!(what_was_acknowledged_survives_a_killed_server_and_nothing_happens_twice);

fn what_was_acknowledged_survives_a_killed_server_and_nothing_happens_twice(mut site: Site) {
    let kills = short_or_full(3, 100);
    let seed = seed();
    let mut draws = Random::seeded(seed);
    let mut workers: Vec<Worker> = (0..WORKERS)
        .map(|worker| {
            let task = [worker, draws.bits() >> 1, 1];
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
            site.kill_server(turn);
            site.start_server();
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

on_each_server!(a_server_that_stays_away_is_said_to_and_one_that_is_back_is_found);

/// A caller that has acted gets the error that its result could not be recorded; a caller that has not acted
/// gets the error that nothing ran.
fn a_server_that_stays_away_is_said_to_and_one_that_is_back_is_found(site: Site) {
    let place = site.open();
    let site = RefCell::new(site);
    let runtime = runtime();
    let acts = task(1);
    let effect = acts.effect(&place.store).lease(Duration::from_millis(500));
    let unrecorded = effect.run_async(|| async {
        let nonce = place.callee.act(acts.number);
        // The server's processes end with it: those of a killed one may answer once more.
        site.borrow_mut().kill_server(1);
        Ok(nonce)
    });
    let (unrecorded, not_run) = runtime.block_on(async {
        tokio::join!(unrecorded, async {
            while place.callee.happened(acts.number).is_empty() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            place.call(task(2)).await
        })
    });
    let source = match &unrecorded {
        Err(Failure::Effect(EffectError::Unrecorded { source, .. })) => source,
        other => panic!("{other:?}"),
    };
    assert!(matches!(source, StoreError::Unavailable { .. }), "{source}");
    let source = match &not_run {
        Err(Failure::Effect(EffectError::Store { source, .. })) => source,
        other => panic!("{other:?}"),
    };
    assert!(matches!(source, StoreError::Unavailable { .. }), "{source}");
    assert!(place.callee.happened(2).is_empty());

    site.borrow_mut().start_server();
    runtime.block_on(async {
        let left = (Standing::InDoubt, 1);
        place.recover(acts, Some(left)).await;
        place.recover(task(2), Some((Standing::Free, 0))).await;
    });
    println!(
        "outage, {}: a server that stays away is said to, duplicates: 0",
        site.borrow().kind()
    );
}

fn task(number: u64) -> Task {
    Task {
        number,
        policy: Policy::Halt,
        in_transaction: false,
    }
}
