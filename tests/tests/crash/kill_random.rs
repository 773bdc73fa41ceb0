//! `kill -9` of a process at any moment, by another one.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use retry_core::{NO_RETRY, Retry};
use retry_effects::{EffectStore, current_action};
use tokio::task::{JoinSet, yield_now};

use super::callee::Callee;
use super::failure::Failure;
use super::point::{Policy, Standing};
use super::recovery::{Place, Task};
use super::worker::{self, Worker};
use super::{Draws, seed, short_or_full};

const LEASE: Duration = Duration::from_millis(150);

/// Actions that a worker is at at the same time.
const TASKS: u64 = 6;

/// The numbers of one worker's actions.
const STREAM: u64 = 1_000_000;

/// How long a worker is let live, in microseconds.
const LIFE: u64 = 30_000;

#[test]
fn a_process_that_dies_at_any_moment_leaves_no_more_than_doubt() {
    let kills = short_or_full(50, 2_500);
    let seed = seed();
    let folder = tempfile::tempdir().expect("a folder");
    let place = Place::open(folder.path());
    Callee::make_orders(&place.database);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mut draws = Draws(seed);
    let mut stood = [0; 3];
    for kill in 0..kills {
        let task = [kill, draws.next() >> 1];
        let mut worker = Worker::start("kill_random::child_streams", folder.path(), &task);
        let mut begun = vec![worker.says()];
        // Not to wait for anything: any moment will do.
        thread::sleep(Duration::from_micros(draws.below(LIFE)));
        worker.kill();
        worker.dies();
        begun.extend(worker.said());
        for number in begun {
            let task = task_of(number.parse().expect("a number"));
            stood[runtime.block_on(place.recover(task, None)) as usize] += 1;
        }
    }
    let [free, in_doubt, done] = [Standing::Free, Standing::InDoubt, Standing::Done]
        .map(|standing| stood[standing as usize]);
    println!(
        "kill at random: {kills} kills, {in_doubt} actions in doubt, {free} free, {done} done, \
         duplicates: 0 (seed {seed})"
    );
}

/// What an action is like, by its number.
fn task_of(number: u64) -> Task {
    Task {
        number,
        policy: Policy::ALL[number as usize % 3],
        in_transaction: number.is_multiple_of(4),
    }
}

#[test]
fn child_streams() {
    let Some([kill, seed]) = worker::task() else {
        return;
    };
    let place = Place::open(Path::new("."));
    let next = Arc::new(AtomicU64::new(kill * STREAM));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut running = JoinSet::new();
        for lane in 0..TASKS {
            let (place, next) = (place.clone(), next.clone());
            running.spawn(async move {
                let mut draws = Draws(seed ^ (lane << 40));
                loop {
                    let task = task_of(next.fetch_add(1, Ordering::Relaxed));
                    worker::say(&task.number.to_string());
                    stream(&place, task, draws.next()).await;
                }
            });
        }
        running.join_all().await;
    });
}

/// One action, with attempts that are refused, or get no answer though it has happened.
async fn stream(place: &Place, task: Task, seed: u64) {
    let store: Arc<dyn EffectStore> = place.any_store();
    let effect = task.effect(&store).lease(LEASE);
    let effect = effect.retry(Retry::new(NO_RETRY.with_max_attempts(3).with_backoff_ms(1)));
    let body = || async {
        let action = current_action().expect("a gated body");
        let mut draws = Draws(seed ^ u64::from(action.attempt()));
        for _ in 0..draws.below(4) {
            yield_now().await;
        }
        let fate = draws.below(8);
        if fate == 0 {
            return Err(Failure::Refused);
        }
        let nonce = place.act(task, |_| ())?;
        if fate == 1 {
            return Err(Failure::NoAnswer);
        }
        Ok(nonce)
    };
    let _ = if task.policy == Policy::Probe {
        let ask = || async { place.ask(task) };
        effect.probe(ask).run_async(body).await
    } else {
        effect.run_async(body).await
    };
}
