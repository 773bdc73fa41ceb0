//! The in-memory store under a schedule explorer: the orders in which threads can take its locks.
//!
//! ```sh
//! RUSTFLAGS='--cfg retry_effects_shuttle' cargo test -p retry-effects --features conformance \
//!     --release --target-dir target/schedules --lib stores::memory::schedules
//! ```
//!
//! tries 10,000 schedules a scenario; with `RETRY_EFFECTS_FULL=1`, a million. A unit test, so that
//! the explorer is a dev-dependency, which does not appear in the lock files of this crate's users.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use shuttle::future::block_on;
use shuttle::sync::atomic::{AtomicUsize, Ordering};
use shuttle::thread;

use crate::store::{Claim, ClaimRequest, Payload, Resolved, StoreFuture};
use crate::{
    ActionId, EffectStore, InMemoryEffectStore, ManualClock, Outcome, StoreError, Token,
    compute_action_id,
};

const LEASE: Duration = Duration::from_secs(30);

/// Explores one scenario: half of its schedules at random, half with few switches at odd places.
fn explore(scenario: fn()) {
    let full = std::env::var_os("RETRY_EFFECTS_FULL").is_some();
    let schedules = if full { 1_000_000 } else { 10_000 };
    shuttle::check_random(scenario, schedules / 2);
    shuttle::check_pct(scenario, schedules / 2, 3);
}

fn id(n: u32) -> ActionId {
    compute_action_id("op", &n, "").unwrap()
}

fn success() -> Outcome {
    Outcome::Success(Payload::new("1"))
}

/// Returns the result of a future that is ready.
fn now<T: Unpin>(future: StoreFuture<'_, T>) -> Result<T, StoreError> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("the in-memory store answers at once"),
    }
}

fn claim(store: &InMemoryEffectStore, n: u32) -> Claim {
    now(store.pending(&ClaimRequest::new(id(n), "op"))).unwrap()
}

fn won(store: &InMemoryEffectStore, n: u32) -> Token {
    match claim(store, n) {
        Claim::Won(token) => token,
        other => panic!("{other:?}"),
    }
}

/// Returns the answers of this many threads.
fn together<T: Send + 'static>(
    store: &InMemoryEffectStore,
    threads: usize,
    run: impl Fn(usize, InMemoryEffectStore) -> T + Send + Sync + 'static,
) -> Vec<T> {
    let run = Arc::new(run);
    let start = |place| {
        let (run, store) = (run.clone(), store.clone());
        thread::spawn(move || run(place, store))
    };
    let running: Vec<_> = (0..threads).map(start).collect();
    running
        .into_iter()
        .map(|thread| thread.join().unwrap())
        .collect()
}

#[test]
fn of_many_claims_one_wins() {
    explore(|| {
        let store = InMemoryEffectStore::with_clock(ManualClock::new());
        let wins = together(&store, 3, |_, store| match claim(&store, 1) {
            Claim::Won(token) => {
                now(store.complete(&token, success())).unwrap();
                1
            }
            Claim::Busy(_) | Claim::Done(_) => 0,
            other => panic!("{other:?}"),
        });
        assert_eq!(wins.into_iter().sum::<u32>(), 1);
        assert!(matches!(claim(&store, 1), Claim::Done(_)));
    });
}

#[test]
fn no_two_run_at_once() {
    explore(|| {
        let store = InMemoryEffectStore::with_clock(ManualClock::new());
        let inside = Arc::new(AtomicUsize::new(0));
        together(&store, 3, move |_, store| {
            for _ in 0..2 {
                if let Claim::Won(token) = claim(&store, 1) {
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                    inside.fetch_sub(1, Ordering::SeqCst);
                    now(store.release(&token)).unwrap();
                }
            }
        });
    });
}

#[test]
fn a_completion_and_a_takeover_exclude_each_other() {
    explore(|| {
        let clock = ManualClock::new();
        let store = InMemoryEffectStore::with_clock(clock.clone());
        let owner = won(&store, 1);
        clock.advance(LEASE);
        let ends = together(&store, 3, move |place, store| {
            if place == 0 {
                return now(store.complete(&owner, success())).is_ok();
            }
            let mut request = ClaimRequest::new(id(1), "op");
            request.takeover = Some(owner.fence());
            match now(store.pending(&request)).unwrap() {
                Claim::Won(_) => true,
                Claim::Busy(_) | Claim::Done(_) => false,
                other => panic!("{other:?}"),
            }
        });
        assert_eq!(ends.into_iter().filter(|end| *end).count(), 1);
    });
}

/// Waits until no call holds the action. A wake-up that is lost is a deadlock, which the explorer
/// reports.
fn joined(store: &InMemoryEffectStore) -> Resolved {
    loop {
        let changed = store.changed(id(1));
        match now(store.resolve(id(1))).unwrap() {
            Resolved::Busy(_) => block_on(changed),
            other => return other,
        }
    }
}

#[test]
fn every_waiter_is_woken() {
    explore(|| {
        let store = InMemoryEffectStore::with_clock(ManualClock::new());
        let owner = won(&store, 1);
        together(&store, 4, move |place, store| match place {
            0 => {
                now(store.complete(&owner, success())).unwrap();
            }
            // A waiter that leaves takes no other waiter's place along.
            1 => drop(store.changed(id(1))),
            _ => assert!(matches!(joined(&store), Resolved::Done(_))),
        });
    });
}

#[test]
fn a_waiter_is_woken_for_each_change() {
    explore(|| {
        let store = InMemoryEffectStore::with_clock(ManualClock::new());
        together(&store, 3, |place, store| match place {
            0 => {
                // Free, held again, and done: a waiter that joined either claim learns of its end.
                now(store.release(&won(&store, 1))).unwrap();
                let last = won(&store, 1);
                now(store.complete(&last, Outcome::in_doubt(None))).unwrap();
                now(store.complete(&last, success())).unwrap();
            }
            _ => {
                joined(&store);
            }
        });
        assert!(matches!(joined(&store), Resolved::Done(_)));
    });
}

#[test]
fn a_bound_holds() {
    explore(|| {
        let clock = ManualClock::new();
        let store = InMemoryEffectStore::bounded_with_clock(2, clock.clone());
        let mut request = ClaimRequest::new(id(0), "op");
        request.retain = Some(Duration::ZERO);
        let Claim::Won(gone) = now(store.pending(&request)).unwrap() else {
            panic!("nobody else is there");
        };
        now(store.complete(&gone, success())).unwrap();
        clock.advance(LEASE);
        let claims = together(&store, 3, |place, store| {
            let n = u32::try_from(place).unwrap() + 1;
            match now(store.pending(&ClaimRequest::new(id(n), "op"))) {
                Ok(Claim::Won(_)) => true,
                Err(StoreError::Full { .. }) => false,
                other => panic!("{other:?}"),
            }
        });
        assert_eq!(claims.into_iter().filter(|won| *won).count(), 2);
        assert_eq!(now(store.counts()).unwrap().total(), 2);
    });
}

#[test]
fn a_purge_leaves_what_is_claimed() {
    explore(|| {
        let clock = ManualClock::new();
        let store = InMemoryEffectStore::with_clock(clock.clone());
        now(store.release(&won(&store, 1))).unwrap();
        clock.advance(LEASE);
        let ends = together(&store, 2, |place, store| {
            if place == 0 {
                now(store.purge(Duration::ZERO)).unwrap();
                return true;
            }
            let token = won(&store, 1);
            now(store.complete(&token, success())).is_ok()
        });
        assert_eq!(ends, [true, true]);
        assert!(matches!(claim(&store, 1), Claim::Done(_)));
    });
}

/// The explorer must find these faults: a claim that is read, then written...
#[test]
#[should_panic(expected = "both run")]
fn a_planted_check_then_act_is_found() {
    explore(|| {
        let store = InMemoryEffectStore::with_clock(ManualClock::new());
        let runs = together(&store, 2, |_, store| {
            let is_free = matches!(now(store.resolve(id(1))).unwrap(), Resolved::Free);
            let _ = claim(&store, 1);
            u32::from(is_free)
        });
        assert!(runs.into_iter().sum::<u32>() < 2, "both run");
    });
}

/// ...and a waiter that reads first and watches then, which misses what happens in between.
#[test]
#[should_panic(expected = "deadlock")]
fn a_planted_lost_wake_up_is_found() {
    explore(|| {
        let store = InMemoryEffectStore::with_clock(ManualClock::new());
        let owner = won(&store, 1);
        together(&store, 2, move |place, store| {
            if place == 0 {
                now(store.complete(&owner, success())).unwrap();
            } else if let Resolved::Busy(_) = now(store.resolve(id(1))).unwrap() {
                block_on(store.changed(id(1)));
            }
        });
    });
}
