//! Many callers of the same action at the same time: one of them acts, all get its result.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use retry_core::{NO_RETRY, Retry};
use retry_effects::store::ClaimId;
use retry_effects::{Effect, EffectError, EffectStore, InMemoryEffectStore, current_action};
use retry_tests::Random;
use tokio::task::{JoinSet, yield_now};

use super::failure::Failure;
use super::site::Site;
use super::worker::{self, Worker};
use super::{on_each_store, seed, short_or_full};

/// The keys of a round. All callers are at them at once.
const KEYS: u64 = 200;

/// Of how many keys a task calls one.
const SHARES: usize = 32;

on_each_store!(processes_that_race_act_once);

fn processes_that_race_act_once(site: &Site) {
    let wins = short_or_full(20_000, 1_000_000);
    let (processes, tasks) = (short_or_full(4, 8), short_or_full(32, 64));
    let line = race(site, &site.address(), wins, processes, tasks, |_| ());
    println!("{line}");
}

/// Lets processes race on the store at an address. `between` is called before each round. Says what
/// was seen.
pub(super) fn race(
    site: &Site,
    address: &str,
    wins: u64,
    processes: u64,
    tasks: u64,
    between: impl Fn(u64),
) -> String {
    let rounds = wins / KEYS;
    let seed = seed();
    let began = Instant::now();
    let mut workers: Vec<Worker> = (0..processes)
        .map(|index| {
            let task = [index, tasks, rounds, seed];
            Worker::start_at(address, "race::child_races", site, &task)
        })
        .collect();
    for round in 0..rounds {
        // Nobody begins a round before all have ended the one before.
        for worker in &mut workers {
            assert_eq!(worker.says(), "ready");
        }
        between(round);
        for worker in &mut workers {
            worker.order("go");
        }
    }
    for worker in workers {
        worker.ends();
    }
    let took = began.elapsed();
    let results: Vec<_> = (0..processes)
        .map(|index| read_results(&site.folder().join(format!("results-{index}"))))
        .collect();
    let wins = judge(&site.folder().join("race"), &results, rounds);
    let (kind, rate) = (site.kind(), wins as f64 / took.as_secs_f64());
    format!(
        "race, {kind}: {wins} wins of {processes} processes x {tasks} tasks, duplicates: 0, \
         {took:.1?}, {rate:.0} wins/s (seed {seed})"
    )
}

#[test]
fn tasks_that_race_in_one_process_act_once() {
    let rounds = short_or_full(20_000, 1_000_000) / KEYS;
    let seed = seed();
    let folder = tempfile::tempdir().expect("a folder");
    let store: Arc<dyn EffectStore> = Arc::new(InMemoryEffectStore::new());
    let racer = Arc::new(Racer::new(store, &folder.path().join("ledger"), seed));
    let mut results = HashMap::new();
    runtime().block_on(async {
        for round in 0..rounds {
            results.extend(run_round(&racer, round, 0, 64).await);
        }
    });
    let wins = judge(&folder.path().join("ledger"), &[results], rounds);
    println!("race, memory: {wins} wins of 64 tasks, duplicates: 0 (seed {seed})");
}

/// Checks that each key has been acted on once, and that all have its result. Says how many.
fn judge(ledger: &Path, results: &[HashMap<u64, u64>], rounds: u64) -> usize {
    let mut acted = HashMap::new();
    for (key, nonce) in read_lines(ledger) {
        let earlier = acted.insert(key, nonce);
        assert_eq!(earlier, None, "key {key} was acted on twice");
    }
    assert_eq!(acted.len() as u64, rounds * KEYS);
    for results in results {
        assert!(results == &acted, "a caller has another result");
    }
    acted.len()
}

#[test]
fn child_races() {
    let Some([index, tasks, rounds, seed]) = worker::task() else {
        return;
    };
    let store = worker::place().store;
    let racer = Racer::new(store, Path::new("race"), seed ^ (index << 32));
    let racer = Arc::new(racer);
    let mut results = HashMap::new();
    runtime().block_on(async {
        for round in 0..rounds {
            worker::say("ready");
            worker::hear();
            results.extend(run_round(&racer, round, index, tasks).await);
        }
    });
    let lines: String = results
        .iter()
        .map(|(key, nonce)| format!("{key} {nonce}\n"))
        .collect();
    std::fs::write(format!("results-{index}"), lines).unwrap();
}

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

/// One process of the race.
struct Racer {
    store: Arc<dyn EffectStore>,
    ledger: File,
    /// The seed of the next body's random draws.
    draws: AtomicU64,
}

impl Racer {
    fn new(store: Arc<dyn EffectStore>, ledger: &Path, seed: u64) -> Self {
        let mut options = OpenOptions::new();
        let ledger = options.append(true).create(true).open(ledger).unwrap();
        Self {
            store,
            ledger,
            draws: AtomicU64::new(seed),
        }
    }

    /// Calls one action until it is done, whoever does it.
    async fn call(&self, key: u64) -> u64 {
        loop {
            let effect = Effect::new("race", &key).store(&self.store);
            // Every other call has a second attempt of its own.
            let attempts = 1 + u32::from(key.is_multiple_of(2));
            let policy = NO_RETRY.with_max_attempts(attempts).with_backoff_ms(1);
            let body = || self.body(key);
            match effect.retry(Retry::new(policy)).run_async(body).await {
                Ok(nonce) => return nonce,
                // It is free again, for this caller or another one.
                Err(Failure::Refused) => yield_now().await,
                // A busy machine answered too late: this call did not run.
                Err(Failure::Effect(EffectError::Store { .. })) => yield_now().await,
                Err(error) => panic!("key {key}: {error}"),
            }
        }
    }

    async fn body(&self, key: u64) -> Result<u64, Failure> {
        let mut draws = Random::seeded(self.draws.fetch_add(1, Ordering::Relaxed));
        for _ in 0..draws.below(4) {
            yield_now().await;
        }
        if draws.below(4) == 0 {
            return Err(Failure::Refused);
        }
        let nonce = (ClaimId::random().bits() >> 64) as u64;
        let action = current_action().expect("a gated body");
        let (fence, attempt) = (action.fence(), action.attempt());
        let pid = std::process::id();
        let line = format!("{key} {nonce} {fence} {attempt} {pid}\n");
        let written = (&self.ledger).write(line.as_bytes()).unwrap();
        assert_eq!(written, line.len());
        for _ in 0..draws.below(4) {
            yield_now().await;
        }
        Ok(nonce)
    }
}

/// Calls the round's keys from many tasks, and checks that all of them get the same.
async fn run_round(racer: &Arc<Racer>, round: u64, index: u64, tasks: u64) -> HashMap<u64, u64> {
    let mut running = JoinSet::new();
    for task in 0..tasks {
        let racer = racer.clone();
        running.spawn(async move {
            let mut results = Vec::new();
            let share = (task + index) % SHARES as u64;
            for key in (share..KEYS).step_by(SHARES) {
                let key = round * KEYS + key;
                results.push((key, racer.call(key).await));
            }
            results
        });
    }
    let mut results = HashMap::new();
    for (key, nonce) in running.join_all().await.into_iter().flatten() {
        let earlier = results.insert(key, nonce);
        let is_same = earlier.is_none_or(|earlier| earlier == nonce);
        assert!(is_same, "key {key} has two results");
    }
    results
}

fn read_results(path: &Path) -> HashMap<u64, u64> {
    read_lines(path).collect()
}

/// The first two numbers of each line.
fn read_lines(path: &Path) -> impl Iterator<Item = (u64, u64)> {
    let text = std::fs::read_to_string(path).expect("it is there");
    let lines: Vec<_> = text
        .lines()
        .map(|line| {
            let mut words = line.split(' ').map(|word| word.parse().expect("a number"));
            let mut next = || words.next().expect("a number");
            (next(), next())
        })
        .collect();
    lines.into_iter()
}
