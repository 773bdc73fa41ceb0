//! A backend in memory. It shows what a backend has to do: compare and set, and report what it found.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use retry_core::RetryPolicy;
use tokio::sync::Notify;

use crate::identity::action_id::ActionId;
use crate::protocol::claim::ClaimRequest;
use crate::protocol::counts::Counts;
use crate::protocol::ids::Fence;
use crate::protocol::operation::{Expected, Operation, Seen, Step, Stored};
use crate::protocol::record::Status;
use crate::protocol::state_machine::{Now, Slot};
use crate::protocol::store_error::StoreError;
use crate::stores::durable::backend::{
    Backend, Call, Cause, Failure, Mix, Pace, Page, Reply, Select,
};

/// The state that several backends share: the records, and the faults that come next.
#[derive(Debug, Default)]
pub(super) struct Shared {
    records: BTreeMap<ActionId, (Slot, u64)>,
    fence: u64,
    /// Milliseconds.
    pub(super) time: u64,
    /// For the next exchanges, the first one first.
    pub(super) faults: VecDeque<Fault>,
    /// The number of steps in each exchange.
    pub(super) exchanges: Vec<usize>,
    /// The thread of each exchange.
    pub(super) threads: Vec<ThreadId>,
    /// The number of lanes of a runtime, one by default.
    pub(super) lanes: usize,
    /// Whether the server is away: no exchange takes place.
    pub(super) is_away: bool,
    /// Whether it takes no writes for now.
    pub(super) is_read_only: bool,
    /// For how long a search for records whose retention is over is repeated, while the server is away.
    pub(super) due_takes: Duration,
    /// An exchange notifies the first when it hangs, and goes on by the second.
    hangs: Arc<Notify>,
    goes_on: Arc<Notify>,
    /// Notified by each exchange that takes place.
    pub(super) takes_place: Arc<Notify>,
    /// Whether steps are carried out on the threads of tasks.
    pub(super) is_quick: bool,
    /// The patience, if it is another one.
    pub(super) patience: Option<Duration>,
}

/// The fault of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    /// Nothing takes place.
    Before(Cause),
    /// Everything takes place, and the replies are lost.
    After(Cause),
    /// No step that writes finds its record: another transaction has locked it.
    Locked,
    /// It waits until it may go on.
    Hang,
    Panic,
    /// Its thread stands still until its time limit has long passed; then nothing takes place.
    StandStill,
    /// A step with this action fails, if it is in the exchange; then nothing takes place.
    Poison(ActionId),
}

/// `FILE`: an exchange mixes all steps, as in a file's transaction.
#[derive(Clone, Debug, Default)]
pub(super) struct Map<const FILE: bool>(Arc<Mutex<Shared>>);

#[derive(Clone, Copy, Debug)]
pub(super) struct Broken(Cause);

impl Failure for Broken {
    fn cause(&self) -> Cause {
        self.0
    }
}

impl<const FILE: bool> Map<FILE> {
    /// Lets so many exchanges hang; returns what is notified by each that does, and what lets one go on.
    pub(super) fn hang(&self, count: usize) -> (Arc<Notify>, Arc<Notify>) {
        let mut shared = self.shared();
        shared.faults.extend(vec![Fault::Hang; count]);
        (shared.hangs.clone(), shared.goes_on.clone())
    }

    pub(super) fn shared(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn now(&self) -> Now {
        Now {
            lease: self.time * 1_000_000,
            wall: self.time,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    pub(super) fn status(&self, id: ActionId) -> Option<Status> {
        self.records.get(&id).map(|(slot, _)| slot.status)
    }

    fn next_fault(&mut self, calls: &[Call<'_>]) -> Fault {
        let writes = calls.iter().any(|call| call.step.expected().is_some());
        if self.is_away {
            Fault::Before(Cause::Passing)
        } else if self.is_read_only && writes {
            Fault::Before(Cause::ReadOnly { passes: true })
        } else {
            self.faults.pop_front().unwrap_or(Fault::None)
        }
    }

    fn stored(&self, id: ActionId) -> Option<Stored> {
        let (slot, revision) = self.records.get(&id)?;
        Some(Stored {
            slot: slot.clone(),
            seen: Seen {
                revision: *revision,
                fence: slot.fence,
            },
            now: self.now(),
        })
    }

    fn is_as_expected(&self, call: &Call<'_>) -> bool {
        let found = self.records.get(&call.id());
        match call.step.expected() {
            None => false,
            Some(Expected::Nothing) => found.is_none(),
            Some(Expected::Seen(seen)) => found.is_some_and(|(slot, revision)| {
                slot.fence == seen.fence && *revision == seen.revision
            }),
            Some(Expected::OwnClaim) => {
                found
                    .zip(call.operation.token())
                    .is_some_and(|((slot, _), token)| {
                        slot.status == Status::Pending
                            && slot.fence == token.fence()
                            && slot.claim_id == token.claim_id()
                    })
            }
        }
    }

    fn carry_out(&mut self, call: &Call<'_>, locked: bool) -> Reply {
        let id = call.id();
        if locked || !self.is_as_expected(call) {
            return match call.step {
                // As a server that does not read what it could not write.
                Step::Overwrite { .. } => Reply::Missed,
                _ => Reply::Found(self.stored(id)),
            };
        }
        let now = self.now();
        let fence = match (call.step, call.operation) {
            (Step::Insert, Operation::Claim(request)) => self.claim(request, now.wall),
            (Step::Overwrite { created, .. }, Operation::Claim(request)) => {
                self.claim(request, *created)
            }
            (Step::Write(write), _) => {
                let (slot, revision) = self.records.get_mut(&id).expect("it is as expected");
                write.apply(slot, now);
                *revision += 1;
                slot.fence
            }
            (Step::Confirm(seen, _), _) => seen.fence,
            (Step::Remove(seen), _) => {
                self.records.remove(&id);
                seen.fence
            }
            (step, operation) => unreachable!("{step:?} of {operation:?}"),
        };
        call.written(fence)
    }

    fn claim(&mut self, request: &ClaimRequest, created: u64) -> Fence {
        self.fence += 1;
        let (fence, now) = (Fence::new(self.fence), self.now());
        let slot = Slot::claimed(request, created, fence, now, |text| text.into());
        let revision = self
            .records
            .get(&request.id)
            .map_or(0, |(_, revision)| *revision);
        self.records.insert(request.id, (slot, revision + 1));
        fence
    }
}

impl<const FILE: bool> Backend for Map<FILE> {
    type Failure = Broken;

    const KIND: &'static str = "map";
    const PACE: Pace = Pace {
        most: 4,
        heaviest: 1000,
        mix: if FILE { Mix::All } else { Mix::Unread },
        few: 2,
        alone: 4,
        is_remote: !FILE,
        blocks: FILE,
        runtimes: 2,
        sweep_every: 6,
        waits: RetryPolicy::new(1)
            .with_unlimited_attempts()
            .with_backoff_ms(1)
            .with_max_wait(Duration::from_millis(2)),
    };

    async fn exchange(&self, calls: &[Call<'_>], by: Instant) -> Vec<Result<Reply, Broken>> {
        let (fault, hangs, goes_on) = {
            let mut shared = self.shared();
            shared.exchanges.push(calls.len());
            shared.threads.push(thread::current().id());
            let fault = shared.next_fault(calls);
            (fault, shared.hangs.clone(), shared.goes_on.clone())
        };
        if fault == Fault::Hang {
            hangs.notify_one();
            goes_on.notified().await;
        }
        assert_ne!(fault, Fault::Panic, "as asked for");
        let mut shared = self.shared();
        let failed = |cause: Cause| calls.iter().map(|_| Err(Broken(cause))).collect();
        match fault {
            Fault::Before(cause) => return failed(cause),
            Fault::StandStill => {
                drop(shared);
                // A blocked thread is not the store's: nothing can be awaited.
                thread::sleep(
                    (by + Duration::from_secs(1)).saturating_duration_since(Instant::now()),
                );
                return failed(Cause::Final);
            }
            Fault::Poison(id) => {
                let is_there = calls.iter().any(|call| call.id() == id);
                // Until it is alone.
                if !is_there || calls.len() > 1 {
                    shared.faults.push_front(fault);
                }
                if is_there {
                    return failed(Cause::Step);
                }
            }
            _ => {}
        }
        let replies: Vec<Reply> = calls
            .iter()
            .map(|call| shared.carry_out(call, fault == Fault::Locked))
            .collect();
        shared.takes_place.notify_one();
        match fault {
            Fault::After(cause) => failed(cause),
            _ => replies.into_iter().map(Ok).collect(),
        }
    }

    fn lanes(&self) -> usize {
        self.shared().lanes.max(1)
    }

    fn guest(&self) -> Option<Self> {
        Some(self.clone())
    }

    fn is_quick(&self) -> bool {
        self.shared().is_quick
    }

    /// A fault that awaits something is not carried out here.
    fn exchange_at_once(&self, call: &Call<'_>) -> Option<Result<Reply, Broken>> {
        let mut shared = self.shared();
        if !shared.faults.is_empty() || !shared.is_as_expected(call) {
            return None;
        }
        shared.exchanges.push(1);
        shared.threads.push(thread::current().id());
        Some(Ok(shared.carry_out(call, false)))
    }

    fn read_here(&self, id: ActionId) -> Option<Result<Option<Stored>, StoreError>> {
        FILE.then(|| Ok(self.shared().stored(id)))
    }

    async fn page(
        &self,
        after: Option<ActionId>,
        select: Select,
        limit: usize,
    ) -> Result<Page, StoreError> {
        let shared = self.shared();
        let after = after.map_or(Unbounded, Excluded);
        let ids = shared.records.range((after, Unbounded)).map(|(id, _)| *id);
        let ids: Vec<ActionId> = ids.take(limit).collect();
        let records = ids.iter().filter_map(|id| Some((*id, shared.stored(*id)?)));
        Ok(Page {
            records: records
                .filter(|(_, found)| select != Select::Finished || found.slot.is_finished())
                .collect(),
            last: ids.last().copied(),
        })
    }

    async fn due(&self, limit: usize) -> Result<Vec<(ActionId, Stored)>, StoreError> {
        let (is_away, takes) = {
            let shared = self.shared();
            (shared.is_away, shared.due_takes)
        };
        if is_away {
            tokio::time::sleep(takes).await;
            return Err(StoreError::unavailable("list records", "it is away"));
        }
        let shared = self.shared();
        let ids = shared.records.keys();
        let records = ids.filter_map(|id| Some((*id, shared.stored(*id)?)));
        let over = records.filter(|(_, found)| found.slot.over_at().is_some());
        Ok(over.take(limit).collect())
    }

    async fn counts(&self) -> Result<Counts, StoreError> {
        let shared = self.shared();
        let mut counts = Counts::default();
        for id in shared.records.keys() {
            let found = shared.stored(*id).expect("it is there");
            if !found.slot.is_over(found.now) {
                counts.add(found.slot.status_at(found.now));
            }
        }
        Ok(counts)
    }

    fn patience(&self) -> Duration {
        let patience = self.shared().patience;
        patience.unwrap_or(Duration::from_millis(500))
    }

    fn error(&self, _: Call<'_>, failure: &Broken) -> StoreError {
        StoreError::unavailable("use the map", format!("{:?}", failure.0))
    }
}
