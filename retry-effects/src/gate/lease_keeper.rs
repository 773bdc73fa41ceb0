//! The keeper of leases: one thread of the process renews the held leases, and sends the store the last
//! request of a call that was dropped.
//!
//! It is a separate thread, because a blocked runtime must not lose a lease. Most calls end long before
//! their lease must be renewed: a call only adds itself to a list and leaves it.

use std::cell::Cell;
use std::future::Future;
use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::Notify;

use crate::gate::action::{Action, ENDED};
use crate::gate::clock::since_origin;
use crate::gate::report;
use crate::protocol::state_machine::nanos;
use crate::protocol::store_error::StoreError;

/// The list is in parts, one lock each, so that threads seldom contend.
const SHARDS: usize = 16;

/// The keeper's longest sleep in nanoseconds, until the list stays empty and it sleeps for good.
const IDLE: u64 = 5_000_000_000;

/// A lease is renewed once this fraction of it has passed: one part in three.
const RENEWED_AT: u32 = 3;

#[derive(Default)]
struct Shard {
    actions: Vec<Option<Arc<Action>>>,
    free: Vec<usize>,
}

struct Keeper {
    shards: [Mutex<Shard>; SHARDS],
    runtime: Handle,
    /// The time of its next check of the list, in nanoseconds by [`since_origin`].
    wakes_at: AtomicU64,
    sooner: Notify,
}

/// A place in the keeper's list. Its drop ends the renewals.
#[derive(Debug)]
pub(crate) struct KeptLease {
    shard: usize,
    place: usize,
}

/// Keeps the action's lease until the place is dropped. Requires [`start`].
pub(crate) fn keep_lease(action: &Arc<Action>) -> KeptLease {
    let keeper = keeper();
    let now = since_origin(action.claimed);
    let renew_at = now.saturating_add(nanos(action.lease / RENEWED_AT));
    action.held_at.store(now, Ordering::Relaxed);
    action.renew_at.store(renew_at, Ordering::Relaxed);
    let shard = own_shard();
    let place = {
        let mut shard = lock(&keeper.shards[shard]);
        match shard.free.pop() {
            Some(place) => {
                shard.actions[place] = Some(action.clone());
                place
            }
            None => {
                shard.actions.push(Some(action.clone()));
                shard.actions.len() - 1
            }
        }
    };
    if renew_at < keeper.wakes_at.load(Ordering::SeqCst) {
        keeper.sooner.notify_one();
    }
    KeptLease { shard, place }
}

impl Drop for KeptLease {
    fn drop(&mut self) {
        let mut shard = lock(&keeper().shards[self.shard]);
        let action = shard.actions[self.place].take();
        shard.free.push(self.place);
        drop(shard);
        drop(action);
    }
}

/// Runs `work` on the keeper's thread: the remaining work of a dropped call. Requires [`start`].
pub(crate) fn spawn(work: impl Future<Output = ()> + Send + 'static) {
    keeper().runtime.spawn(work);
}

/// Returns the runtime that the keeper's thread drives, for stores that need one.
///
/// # Errors
///
/// As [`start`], which this calls.
pub(crate) fn runtime() -> io::Result<&'static Handle> {
    start()?;
    Ok(&keeper().runtime)
}

static KEEPER: OnceLock<Keeper> = OnceLock::new();

/// Starts the keeper, unless it runs. Call it before any claim: without a keeper, a claim would be
/// neither renewed nor released.
///
/// # Errors
///
/// The operating system's, if it has no more threads or files to give. A later call may succeed.
pub(crate) fn start() -> io::Result<()> {
    if KEEPER.get().is_some() {
        return Ok(());
    }
    static STARTING: Mutex<()> = Mutex::new(());
    let _alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if KEEPER.get().is_some() {
        return Ok(());
    }
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new()
        .name("retry-effects".to_owned())
        .spawn(move || run_keeper(&runtime, KEEPER.wait()))?;
    KEEPER.get_or_init(|| Keeper {
        shards: Default::default(),
        runtime: handle,
        wakes_at: AtomicU64::new(u64::MAX),
        sooner: Notify::new(),
    });
    Ok(())
}

fn keeper() -> &'static Keeper {
    KEEPER.get().expect("it was started before the claim")
}

fn run_keeper(runtime: &Runtime, keeper: &'static Keeper) {
    runtime.block_on(async {
        let mut empty = 0;
        loop {
            let now = since_origin(Instant::now());
            let next = keeper.renew_due(now);
            // An empty list is checked once more before the keeper sleeps for good: in a burst of short
            // calls, no call has to wake it then.
            empty = if next.is_none() { empty + 1 } else { 0 };
            let wakes_at = match next {
                Some(next) => next.min(now.saturating_add(IDLE)),
                None if empty < 3 => now.saturating_add(IDLE),
                None => u64::MAX,
            };
            keeper.wakes_at.store(wakes_at, Ordering::SeqCst);
            // A call that added itself before this was stored saw the old time: check once more.
            let missed = keeper.next_due().is_some_and(|due| due < wakes_at);
            if missed {
                continue;
            }
            let sleep = Duration::from_nanos(wakes_at.saturating_sub(now));
            if wakes_at == u64::MAX {
                keeper.sooner.notified().await;
            } else {
                let _ = tokio::time::timeout(sleep, keeper.sooner.notified()).await;
            }
        }
    });
}

impl Keeper {
    /// Starts the renewals that are due, and returns when the next one is due.
    fn renew_due(&self, now: u64) -> Option<u64> {
        let mut due = Vec::new();
        for shard in &self.shards {
            for action in lock(shard).actions.iter().flatten() {
                if action.renew_at.load(Ordering::Relaxed) <= now {
                    // It is not due again before the answer arrives.
                    let next = now.saturating_add(nanos(action.lease / RENEWED_AT).max(1_000_000));
                    action.renew_at.store(next, Ordering::Relaxed);
                    due.push(action.clone());
                }
            }
        }
        for action in due {
            // A task each: a store that hangs, or panics, harms no other lease.
            self.runtime.spawn(renew(action, now));
        }
        self.next_due()
    }

    fn next_due(&self) -> Option<u64> {
        let due = self.shards.iter().flat_map(|shard| {
            let shard = lock(shard);
            let due = |action: &Arc<Action>| action.renew_at.load(Ordering::Relaxed);
            shard.actions.iter().flatten().map(due).min()
        });
        due.min()
    }
}

async fn renew(action: Arc<Action>, asked_at: u64) {
    match renewed(&action, asked_at).await {
        Ok(()) => {
            action.held_at.fetch_max(asked_at, Ordering::Relaxed);
        }
        _ if action.is(ENDED) => {}
        Err(StoreError::LeaseLost { .. }) => {
            report::lease_lost(&action);
            action.lose();
        }
        Err(error) => {
            report::not_renewed(&action, &error);
            let now = since_origin(Instant::now());
            if action.has_run_out() {
                action.lose();
            }
            let soon = now.saturating_add(nanos(action.lease / 12).max(1_000_000));
            action.renew_at.fetch_min(soon, Ordering::Relaxed);
            keeper().sooner.notify_one();
        }
    }
}

/// Returns the store's answer, or an error once the lease is over.
async fn renewed(action: &Action, now: u64) -> Result<(), StoreError> {
    let until = action.held_at.load(Ordering::Relaxed);
    let until = until.saturating_add(nanos(action.lease));
    let left = Duration::from_nanos(until.saturating_sub(now).max(1_000_000));
    let answer = action.store.renew(&action.token, action.lease);
    tokio::time::timeout(left, answer)
        .await
        .unwrap_or_else(|late| Err(StoreError::unavailable("renew a lease in time", late)))
}

fn own_shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: Cell<usize> = const { Cell::new(usize::MAX) };
    }
    match OWN.get() {
        usize::MAX => {
            let own = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS;
            OWN.set(own);
            own
        }
        own => own,
    }
}

fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}
