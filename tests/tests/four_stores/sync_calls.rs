//! Sync functions wherever they may be called: without a runtime, and on the threads of one.

use std::io;
use std::sync::Arc;
use std::thread;

use retry_effects::EffectError;
use retry_tests::gate_error;
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

use super::overheard::Overheard;
use super::place::{Place, Store};
use super::shop::{Receipt, Till, charge_sync, receipt};

on_each_store!(
    a_sync_call_runs_and_replays_anywhere,
    a_sync_duplicate_joins_wherever_its_thread_may_wait,
);

/// Where a function is called.
#[derive(Clone, Copy, Debug)]
enum Context {
    WithoutRuntime,
    Worker,
    BlockOn,
    /// A `LocalSet`, under `block_on`.
    Set,
    SpawnBlocking,
    /// The one thread of a current-thread runtime.
    One,
    SetOfOne,
}

use Context::{BlockOn, One, Set, SetOfOne, SpawnBlocking, WithoutRuntime, Worker};

const ALL: [Context; 7] = [
    WithoutRuntime,
    Worker,
    BlockOn,
    Set,
    SpawnBlocking,
    One,
    SetOfOne,
];

impl Context {
    fn call<T: Send + 'static>(self, call: impl FnOnce() -> T + Send + 'static) -> T {
        match self {
            WithoutRuntime => call(),
            Worker => {
                let runtime = workers();
                let called = runtime.spawn(async { call() });
                runtime.block_on(called).unwrap()
            }
            BlockOn => workers().block_on(async { call() }),
            Set => LocalSet::new().block_on(&workers(), async { call() }),
            SpawnBlocking => {
                let runtime = workers();
                let called = runtime.spawn_blocking(call);
                runtime.block_on(called).unwrap()
            }
            One => one_thread().block_on(async { call() }),
            SetOfOne => {
                let set = LocalSet::new();
                set.block_on(&one_thread(), async {
                    tokio::task::spawn_local(async { call() }).await.unwrap()
                })
            }
        }
    }

    /// Whether nobody depends on it while it waits.
    fn may_wait(self) -> bool {
        !matches!(self, One | SetOfOne)
    }
}

fn workers() -> Runtime {
    let mut workers = Builder::new_multi_thread();
    workers.worker_threads(1).enable_all().build().unwrap()
}

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn a_sync_call_runs_and_replays_anywhere(place: &Place) {
    let (here, there) = (place.open(), place.open());
    for (order, on) in (1..).zip(ALL) {
        let refused = io::ErrorKind::ConnectionRefused;
        let till = Arc::new(Till::that_fails([refused]));
        let charge = |store: &Store, cents| {
            let (store, till) = (store.clone(), till.clone());
            on.call(move || charge_sync(&store, &till, order, cents))
        };
        let failed = charge(&here, 5);
        assert_eq!(failed.map_err(|error| error.kind()), Err(refused), "{on:?}");
        for store in [&here, &there, &here] {
            assert_eq!(charge(store, 5).unwrap(), receipt(order, 5), "{on:?}");
        }
        let refused = gate_error(charge(&there, 6));
        let is_mismatch = matches!(refused, EffectError::PayloadMismatch { .. });
        assert!(is_mismatch, "{on:?}: {refused}");
        assert_eq!(till.charges(order), 2, "{on:?}");
    }
}

fn a_sync_duplicate_joins_wherever_its_thread_may_wait(place: &Place) {
    let (here, there) = (place.open(), place.open());
    for (order, on) in (1..).zip(ALL) {
        let till = Arc::new(Till::closed());
        thread::scope(|scope| {
            let owner = scope.spawn(|| charge_sync(&here, &till, order, 5));
            till.await_charge(order);
            let overheard = Arc::new(Overheard::new(there.clone()));
            let (store, lent): (Store, _) = (overheard.clone(), till.clone());
            let duplicate =
                scope.spawn(move || on.call(move || charge_sync(&store, &lent, order, 5)));
            if on.may_wait() {
                overheard.await_waiter();
                assert!(!duplicate.is_finished(), "{on:?}");
                till.open();
                assert_eq!(duplicate.join().unwrap().unwrap(), receipt(order, 5));
            } else {
                cannot_block(duplicate.join().unwrap(), on);
                till.open();
            }
            assert_eq!(owner.join().unwrap().unwrap(), receipt(order, 5));
        });
        assert_eq!(till.charges(order), 1, "{on:?}");
    }
}

fn cannot_block(refused: io::Result<Receipt>, on: Context) {
    let refused = gate_error(refused);
    let is_it = matches!(refused, EffectError::CannotBlock { .. });
    assert!(is_it, "{on:?}: {refused}");
}
