//! A worker that does one action after another and says how far it is, and what must hold of what
//! it has said.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use retry_core::{NO_RETRY, Retry};
use retry_effects::{EffectError, StoreError, current_action};
use retry_tests::Random;
use tokio::task::{JoinSet, yield_now};

use super::failure::Failure;
use super::place::Place;
use super::point::{Policy, Standing};
use super::recovery::{Task, id};
use super::worker;

const LEASE: Duration = Duration::from_millis(150);

/// Actions that a worker is at at the same time.
const TASKS: u64 = 6;

/// The numbers of one worker's actions.
const STREAM: u64 = 3_000_000;

/// The acknowledgements that a worker has received for one action.
#[derive(Debug, Default)]
pub(super) struct Acknowledged {
    /// The newest claim that was acknowledged.
    fence: u64,
    /// The result that was acknowledged.
    nonce: Option<String>,
}

/// The reports of workers on their actions.
#[derive(Debug, Default)]
pub(super) struct Log(BTreeMap<u64, Acknowledged>);

/// How many actions stood where, before anybody called them again.
#[derive(Debug, Default)]
pub(super) struct Stood([u64; 3]);

impl Log {
    /// `N`: the action is begun; `N FENCE`: a claim was acknowledged; `N FENCE NONCE`: a result.
    pub(super) fn hear(&mut self, words: impl IntoIterator<Item = String>) {
        for word in words {
            let mut parts = word.split(' ');
            let mut number = || parts.next().map(|part| part.parse().expect("a number"));
            let told = self.0.entry(number().expect("a number")).or_default();
            told.fence = told.fence.max(number().unwrap_or_default());
            if let Some(nonce) = parts.next() {
                let earlier = told.nonce.replace(nonce.to_owned());
                let is_same = earlier.is_none_or(|earlier| earlier == nonce);
                assert!(is_same, "callers were told two results: {word}");
            }
        }
    }

    /// How many results were acknowledged.
    #[cfg(any(feature = "postgres", feature = "redis"))]
    pub(super) fn done(&self) -> usize {
        self.0.values().filter(|told| told.nonce.is_some()).count()
    }

    /// Checks that what was acknowledged is recorded and that nothing has happened twice, and calls
    /// each action as a new worker would.
    pub(super) async fn judge(&self, place: &Place) -> Stood {
        let mut stood = Stood::default();
        for (&number, told) in &self.0 {
            let task = task_of(number, place);
            let record = place.store.get(id(number)).await.expect("it can be read");
            let fence = record.map_or(0, |record| record.fence.number());
            assert!(fence >= told.fence, "a claim of {task:?} is lost: {told:?}");
            let standing = place.recover(task, None).await;
            if let Some(nonce) = &told.nonce {
                assert_eq!(standing, Standing::Done, "{task:?} is lost: {told:?}");
                let happened = place.happened(task).await;
                assert_eq!(&happened[0].nonce, nonce, "{task:?} has another result");
            }
            stood.0[standing as usize] += 1;
        }
        stood
    }
}

impl Stood {
    pub(super) fn add(&mut self, other: &Self) {
        for (sum, part) in self.0.iter_mut().zip(other.0) {
            *sum += part;
        }
    }
}

impl std::fmt::Display for Stood {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let count = |standing| self.0[standing as usize];
        let (free, done) = (count(Standing::Free), count(Standing::Done));
        let in_doubt = count(Standing::InDoubt);
        write!(f, "{in_doubt} actions in doubt, {free} free, {done} done")
    }
}

fn policy_of(number: u64) -> Policy {
    Policy::ALL[number as usize % 3]
}

/// Returns the task of an action, by its number.
fn task_of(number: u64, place: &Place) -> Task {
    Task {
        number,
        policy: policy_of(number),
        in_transaction: place.has_transactions() && number.is_multiple_of(4),
    }
}

#[test]
fn child_streams() {
    let Some([worker, seed, shares]) = worker::task() else {
        return;
    };
    let place = worker::place();
    let next = Arc::new(AtomicU64::new(0));
    let ends = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    std::thread::spawn({
        let ends = ends.clone();
        move || {
            assert_eq!(worker::hear(), "end");
            ends.store(true, Ordering::SeqCst);
        }
    });
    runtime.block_on(async {
        let mut running = JoinSet::new();
        for lane in 0..TASKS {
            let (place, next, ends) = (place.clone(), next.clone(), ends.clone());
            running.spawn(async move {
                let mut draws = Random::seeded(seed ^ (lane << 40));
                while !ends.load(Ordering::SeqCst) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    // Several may be at an action whose callee neither fences nor dedupes where
                    // nobody takes over.
                    let is_shared = shares == 1 && policy_of(number) == Policy::Halt;
                    let number = number + if is_shared { 0 } else { worker * STREAM };
                    stream(&place, number, draws.bits()).await;
                }
            });
        }
        running.join_all().await;
    });
}

/// One action, with attempts that are refused, or get no answer though it has happened.
async fn stream(place: &Place, number: u64, seed: u64) {
    worker::say(&number.to_string());
    let task = task_of(number, place);
    let effect = task.effect(&place.store).lease(LEASE);
    let effect = effect.retry(Retry::new(NO_RETRY.with_max_attempts(3).with_backoff_ms(1)));
    let fence = AtomicU64::new(0);
    let body = || async {
        let action = current_action().expect("a gated body");
        fence.store(action.fence().number(), Ordering::Relaxed);
        worker::say(&format!("{number} {}", action.fence()));
        let mut draws = Random::seeded(seed ^ u64::from(action.attempt()));
        for _ in 0..draws.below(4) {
            yield_now().await;
        }
        let fate = draws.below(8);
        if fate == 0 {
            return Err(Failure::Refused);
        }
        let nonce = place.act(task, |_| ()).await?;
        if fate == 1 {
            return Err(Failure::NoAnswer);
        }
        Ok(nonce)
    };
    let outcome = if task.policy == Policy::Probe {
        effect.probe(|| place.ask(task)).run_async(body).await
    } else {
        effect.run_async(body).await
    };
    match outcome {
        Ok(nonce) => {
            let fence = fence.into_inner();
            worker::say(&format!("{number} {fence} {nonce}"));
        }
        Err(error) => assert!(is_typed(&error), "{task:?}: {error:?}"),
    }
}

/// Whether a caller may receive this error while processes and servers die.
fn is_typed(error: &Failure) -> bool {
    match error {
        Failure::Effect(EffectError::Store { source, .. })
        | Failure::Effect(EffectError::Unrecorded { source, .. }) => {
            matches!(source, StoreError::Unavailable { .. })
        }
        Failure::Effect(error) => {
            use EffectError::{ClaimExpired, InDoubt, InProgress, LeaseLost};
            matches!(
                error,
                ClaimExpired { .. } | InDoubt { .. } | InProgress { .. } | LeaseLost { .. }
            )
        }
        _ => true,
    }
}
