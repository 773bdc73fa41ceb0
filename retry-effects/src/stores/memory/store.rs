//! [`InMemoryEffectStore`]: records that live as long as the process.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::identity::action_id::ActionId;
use crate::protocol::claim::{Claim, ClaimRequest};
use crate::protocol::counts::Counts;
use crate::protocol::filter::Filter;
use crate::protocol::ids::{Fence, Token};
use crate::protocol::outcome::{Outcome, Settlement};
use crate::protocol::record::{Finished, Record, Resolved};
use crate::protocol::state_machine::{Now, Slot, millis};
use crate::protocol::store::{Changed, EffectStore, StoreFuture};
use crate::protocol::store_error::StoreError;
use crate::stores::sync::atomic::{AtomicUsize, Ordering};
use crate::stores::sync::{Mutex, MutexGuard, lock};
use crate::stores::waiters::Waiters;

use super::clock::Clock;
#[cfg(feature = "conformance")]
use super::clock::ManualClock;
use super::page::Page;
use super::shard::Shard;

/// The store of one process: for tests, and for effects that no other process can repeat.
///
/// Its records are lost when the process ends, so that it does not prevent a repetition after a
/// restart; a durable store does. Clones are the same store.
///
/// It answers at once: a method has done its work when the call returns, and its future is ready. A
/// finished record with a result of 100 bytes takes under 400 bytes, and the cost of a call does not
/// depend on the number of records. Only a claim's [`retain`](ClaimRequest::retain) lets a record be
/// removed without a purge.
///
/// Leases and ages are measured on the machine's monotonic clock; the wall clock is read once, when
/// the store is made.
///
/// # Examples
///
/// ```
/// use retry_effects::{EffectStore, InMemoryEffectStore, Outcome, compute_action_id};
/// use retry_effects::store::{Claim, ClaimRequest, Payload};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let store = InMemoryEffectStore::new();
/// let id = compute_action_id("charge", &42, "")?;
///
/// let Claim::Won(token) = store.pending(&ClaimRequest::new(id, "charge")).await? else {
///     panic!("nobody else is there");
/// };
/// store.complete(&token, Outcome::Success(Payload::new("\"receipt\""))).await?;
///
/// let Claim::Done(finished) = store.pending(&ClaimRequest::new(id, "charge")).await? else {
///     panic!("it is done");
/// };
/// assert_eq!(finished.payload.json(), "\"receipt\"");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct InMemoryEffectStore(Arc<Inner>);

struct Inner {
    shards: [Part; SHARDS],
    clock: Clock,
    bound: Option<Bound>,
    waiters: Waiters,
}

const SHARDS: usize = 64;

/// A shard on its own cache lines: threads in neighbouring shards do not slow each other down.
#[derive(Default)]
#[repr(align(128))]
struct Part(Mutex<Shard>);

/// The largest number of records, and the current number.
struct Bound {
    limit: usize,
    held: AtomicUsize,
}

impl InMemoryEffectStore {
    /// Returns an empty store without a bound.
    #[must_use]
    pub fn new() -> Self {
        Self::made(Clock::machine(), None)
    }

    /// Returns an empty store that holds at most `limit` records.
    ///
    /// When it is full it removes the records whose [`retain`](ClaimRequest::retain) and
    /// [`keep`](ClaimRequest::keep) are over; if there are none, it refuses a claim on a new action
    /// ([`StoreError::Full`]). It never drops a record that still protects an effect.
    #[must_use]
    pub fn bounded(limit: usize) -> Self {
        let held = AtomicUsize::new(0);
        Self::made(Clock::machine(), Some(Bound { limit, held }))
    }

    /// Returns an empty store that uses a test's clock.
    #[cfg(feature = "conformance")]
    #[must_use]
    pub fn with_clock(clock: ManualClock) -> Self {
        Self::made(Clock::Manual(clock), None)
    }

    /// Returns an empty store that holds at most `limit` records, and uses a test's clock.
    #[cfg(feature = "conformance")]
    #[must_use]
    pub fn bounded_with_clock(limit: usize, clock: ManualClock) -> Self {
        let held = AtomicUsize::new(0);
        Self::made(Clock::Manual(clock), Some(Bound { limit, held }))
    }

    fn made(clock: Clock, bound: Option<Bound>) -> Self {
        Self(Arc::new(Inner {
            shards: std::array::from_fn(|_| Part::default()),
            clock,
            bound,
            waiters: Waiters::new(),
        }))
    }

    #[inline]
    fn shard(&self, id: ActionId) -> MutexGuard<'_, Shard> {
        lock(&self.0.shards[usize::from(id.as_bytes()[0]) % SHARDS].0)
    }

    #[inline]
    fn now(&self) -> Now {
        self.0.clock.now()
    }

    #[inline]
    fn claim(&self, request: &ClaimRequest) -> Result<Claim, StoreError> {
        let now = self.now();
        let Some(bound) = &self.0.bound else {
            let mut shard = self.shard(request.id);
            shard.sweep_some(now);
            let claim = shard.claim(request, now, || true);
            return Ok(claim.expect("a store without a bound has room"));
        };
        loop {
            let mut shard = self.shard(request.id);
            bound.leave(shard.sweep_some(now));
            if let Some(claim) = shard.claim(request, now, || bound.enter()) {
                return Ok(claim);
            }
            drop(shard);
            // Each turn removes something, so this ends.
            if self.sweep_all(bound, now) == 0 {
                return Err(StoreError::full(bound.limit as u64));
            }
        }
    }

    /// Removes all records whose retention is over. Returns their number.
    fn sweep_all(&self, bound: &Bound, now: Now) -> usize {
        let sweep = |part: &Part| {
            let mut shard = lock(&part.0);
            let swept = shard.sweep(now, usize::MAX);
            bound.leave(swept);
            swept
        };
        self.0.shards.iter().map(sweep).sum()
    }

    /// Changes the record of `id`, and wakes its waiters if `change` reports a change.
    #[inline]
    fn change<R>(
        &self,
        id: ActionId,
        change: impl FnOnce(&mut Slot, Now) -> Result<(bool, R), StoreError>,
    ) -> Option<Result<R, StoreError>> {
        let now = self.now();
        let answer = self.shard(id).change(id, now, |slot| change(slot, now))?;
        Some(answer.map(|(changed, answer)| {
            if changed {
                self.0.waiters.wake(id);
            }
            answer
        }))
    }
}

impl Bound {
    /// Reserves room for one more record. Returns whether there was room.
    fn enter(&self) -> bool {
        let one_more = |held| (held < self.limit).then_some(held + 1);
        let held = &self.held;
        held.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more)
            .is_ok()
    }

    fn leave(&self, records: usize) {
        if records > 0 {
            self.held.fetch_sub(records, Ordering::Relaxed);
        }
    }
}

impl EffectStore for InMemoryEffectStore {
    #[inline]
    fn resolve(&self, id: ActionId) -> StoreFuture<'_, Resolved> {
        let now = self.now();
        let shard = self.shard(id);
        let found = shard.slot(id, now);
        StoreFuture::ready(Ok(
            found.map_or(Resolved::Free, |slot| slot.resolved(id, now))
        ))
    }

    #[inline]
    fn pending<'a>(&'a self, request: &'a ClaimRequest) -> StoreFuture<'a, Claim> {
        StoreFuture::ready(self.claim(request))
    }

    #[inline]
    fn complete<'a>(&'a self, token: &'a Token, outcome: Outcome) -> StoreFuture<'a, ()> {
        let done = self.change(token.id(), |slot, now| {
            slot.complete(token, outcome, now)
                .map(|changed| (changed, ()))
        });
        StoreFuture::ready(done.unwrap_or_else(|| lost(token)))
    }

    fn renew<'a>(&'a self, token: &'a Token, lease: Duration) -> StoreFuture<'a, ()> {
        let renewed = self.change(token.id(), |slot, now| {
            slot.renew(token, lease, now).map(|()| (false, ()))
        });
        StoreFuture::ready(renewed.unwrap_or_else(|| lost(token)))
    }

    fn release<'a>(&'a self, token: &'a Token) -> StoreFuture<'a, Option<Finished>> {
        let released = self.change(token.id(), |slot, now| slot.release(token, now));
        StoreFuture::ready(released.unwrap_or_else(|| lost(token)))
    }

    fn get(&self, id: ActionId) -> StoreFuture<'_, Option<Record>> {
        let now = self.now();
        let shard = self.shard(id);
        let record = shard.slot(id, now).map(|slot| slot.record(id, now));
        StoreFuture::ready(Ok(record))
    }

    fn list<'a>(&'a self, filter: &'a Filter) -> StoreFuture<'a, Vec<Record>> {
        let now = self.now();
        let mut page = Page::new(filter, now);
        for part in &self.0.shards {
            page.add(lock(&part.0).all(now));
        }
        StoreFuture::ready(Ok(page.records()))
    }

    fn purge(&self, age: Duration) -> StoreFuture<'_, u64> {
        let (now, age) = (self.now(), millis(age));
        let purge = |part: &Part| {
            let mut shard = lock(&part.0);
            let purged = shard.purge(age, now);
            if let Some(bound) = &self.0.bound {
                bound.leave(purged);
            }
            purged as u64
        };
        StoreFuture::ready(Ok(self.0.shards.iter().map(purge).sum()))
    }

    fn settle<'a>(
        &'a self,
        id: ActionId,
        fence: Fence,
        settlement: Settlement,
    ) -> StoreFuture<'a, ()> {
        let settled = self.change(id, |slot, now| {
            slot.settle(fence, settlement, now)
                .map(|changed| (changed, ()))
        });
        StoreFuture::ready(settled.unwrap_or(Err(StoreError::NotFound)))
    }

    fn counts(&self) -> StoreFuture<'_, Counts> {
        let now = self.now();
        let mut counts = Counts::default();
        for part in &self.0.shards {
            lock(&part.0).count(now, &mut counts);
        }
        StoreFuture::ready(Ok(counts))
    }

    fn changed(&self, id: ActionId) -> Changed {
        self.0.waiters.watch(id)
    }

    fn hears_all(&self) -> bool {
        true
    }

    fn needs_runtime(&self) -> bool {
        false
    }

    fn in_process(&self) -> bool {
        true
    }

    fn kind(&self) -> &'static str {
        "memory"
    }
}

/// Returns the error of a claim that is over, since its record is gone.
#[cold]
fn lost<T>(token: &Token) -> Result<T, StoreError> {
    Err(StoreError::lease_lost(token.fence()))
}

impl Default for InMemoryEffectStore {
    fn default() -> Self {
        Self::new()
    }
}

/// Records are not shown.
impl fmt::Debug for InMemoryEffectStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InMemoryEffectStore")
            .field("limit", &self.0.bound.as_ref().map(|bound| bound.limit))
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, not(retry_effects_shuttle)))]
mod tests;
