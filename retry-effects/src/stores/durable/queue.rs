//! The queue in which operations wait for a lane.
//!
//! A free lane takes all waiting steps of one kind, and hands them over together. So a lone caller's step
//! is sent at once; and the more callers there are, the more of them share an exchange and its commit.
//!
//! Only as many lanes work at once as the load needs: otherwise each lane would take a few of many
//! callers, and short exchanges cost a server most. Few callers carry out their requests on their own tasks,
//! without a lane.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::backend::{Mix, Pace};
use super::job::{Answered, Fallback, Job};
use crate::identity::action_id::ActionId;
use crate::protocol::operation::{Operation, Step};

/// The number of waiting steps of a kind that starts one lane more.
const CROWD: usize = 32;

/// More callers have left after so many requests in a row that met fewer under way.
pub(super) const CALM: u32 = 16;

/// The jobs of one exchange.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) jobs: Vec<Job>,
    /// Jobs on actions of those jobs, which need only what these find.
    pub(super) followers: HashMap<ActionId, Vec<Job>>,
}

/// A queue of a store. Any thread adds jobs; lanes take them.
#[derive(Debug)]
pub(super) struct Queue {
    pace: Pace,
    state: Mutex<State>,
    pub(super) arrived: Notify,
    /// The taker of jobs that these lanes do not serve; `None` for the store's own lanes.
    fallback: Option<Arc<dyn Fallback>>,
    /// A job has arrived that nobody watches.
    pub(super) unwatched: Notify,
    /// Whether its lanes have ended, without having been asked to.
    is_ended: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    /// By kind; all in the first one if exchanges mix them.
    waiting: [VecDeque<Job>; KINDS],
    /// The kind that was taken last.
    turn: usize,
    /// The number of lanes at work.
    busy: usize,
    /// The number of jobs in their exchanges.
    served: usize,
    /// The number of [`Held`].
    held: usize,
    is_closed: bool,
    /// The number of requests under way on the tasks of their callers.
    inline: usize,
    /// The number of further requests until that is allowed again.
    until_calm: u32,
    /// The number of batches taken.
    taken: u64,
    /// That number when the watch looked last; `None` if nobody watches.
    watched: Option<u64>,
}

const KINDS: usize = 4;

/// The work for a lane.
pub(super) enum Taken<'a> {
    Batch(Batch, Busy<'a>),
    Nothing,
    /// The queue is closed, and no job comes any more.
    Closed,
}

/// The rest that is to be watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watch {
    On,
    /// Nothing, until [`Queue::unwatched`].
    Idle,
    /// Nothing any more.
    Over,
}

impl Batch {
    pub(super) fn of(job: Job) -> Self {
        Self {
            jobs: vec![job],
            followers: HashMap::new(),
        }
    }
}

impl Queue {
    pub(super) fn new(pace: Pace, fallback: Option<Arc<dyn Fallback>>) -> Self {
        Self {
            pace,
            state: Mutex::default(),
            arrived: Notify::new(),
            fallback,
            unwatched: Notify::new(),
            is_ended: AtomicBool::new(false),
        }
    }

    /// Whether the store's own lanes serve what these do not.
    pub(super) fn has_fallback(&self) -> bool {
        self.fallback.is_some()
    }

    /// Returns the job of an operation, which is not queued yet.
    pub(super) fn job(&self, operation: Operation) -> (Job, Answered) {
        Job::new(operation, self.fallback.clone())
    }

    pub(super) fn put(&self, job: Job) {
        let mut state = self.state();
        if self.is_ended() {
            drop(state);
            // It moves to the store's own lanes.
            drop(job);
            return;
        }
        let kind = self.kind(job.run.step());
        state.waiting[kind].push_back(job);
        let is_unwatched = self.fallback.is_some() && state.watched.is_none();
        drop(state);
        self.arrived.notify_one();
        if is_unwatched {
            self.unwatched.notify_one();
        }
    }

    /// Expects a job: lanes stay for it until the returned value is dropped.
    pub(super) fn hold(self: &Arc<Self>) -> Held {
        self.state().held += 1;
        Held(self.clone())
    }

    /// Ends the input: lanes end once they have served the jobs that are queued.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.arrived.notify_waiters();
        self.arrived.notify_one();
        self.unwatched.notify_one();
    }

    /// Ends the lanes: none takes a job any more, and what waits moves to the store's own lanes.
    pub(super) fn end(&self) {
        let mut state = self.state();
        self.is_ended.store(true, Ordering::Release);
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        drop(waiting);
        self.arrived.notify_waiters();
        self.unwatched.notify_one();
    }

    pub(super) fn is_ended(&self) -> bool {
        self.is_ended.load(Ordering::Acquire)
    }

    /// Moves the jobs to the store's own lanes, if these have taken none since the last call.
    pub(super) fn rescue(&self) -> Watch {
        let mut state = self.state();
        let is_empty = state.waiting.iter().all(VecDeque::is_empty);
        if self.is_ended() || (state.is_closed && is_empty) {
            return Watch::Over;
        }
        let taken = state.taken;
        if state.watched.replace(taken) != Some(taken) {
            return Watch::On;
        }
        if is_empty {
            state.watched = None;
            return Watch::Idle;
        }
        let stuck = std::mem::take(&mut state.waiting);
        drop(state);
        drop(stuck);
        Watch::On
    }

    /// Takes the jobs of one exchange, all of one route.
    pub(super) fn take(&self, route: impl Fn(ActionId) -> usize) -> Taken<'_> {
        let mut state = self.state();
        if self.is_ended() {
            return Taken::Closed;
        }
        let longest = state.waiting.iter().map(VecDeque::len).max().unwrap_or(0);
        if longest == 0 {
            return if state.is_closed && state.held == 0 {
                Taken::Closed
            } else {
                Taken::Nothing
            };
        }
        // One lane works in any case: a request that its caller holds, and does not poll, counts for long.
        if state.busy > 0 && state.busy + state.inline >= self.pace.few && longest < CROWD {
            return Taken::Nothing;
        }
        for _ in 0..KINDS {
            state.turn = (state.turn + 1) % KINDS;
            let turn = state.turn;
            let batch = self.batch(&mut state.waiting[turn], &route);
            if !batch.jobs.is_empty() {
                state.taken += 1;
                let busy = self.busy(&mut state, batch.jobs.len());
                return Taken::Batch(batch, busy);
            }
        }
        // Those that waited were not wanted any more.
        let is_over = state.held == 0 && state.waiting.iter().all(VecDeque::is_empty);
        if state.is_closed && is_over {
            return Taken::Closed;
        }
        Taken::Nothing
    }

    /// Counts the caller as a lane, if nothing waits and no lane works: then it may carry out its own
    /// operation.
    #[cfg(any(feature = "sqlite", test))]
    pub(super) fn enter_if_idle(&self) -> Option<Busy<'_>> {
        let mut state = self.state();
        let is_idle = state.busy == 0 && state.waiting.iter().all(VecDeque::is_empty);
        is_idle.then(|| self.busy(&mut state, 1))
    }

    fn busy(&self, state: &mut State, served: usize) -> Busy<'_> {
        state.busy += 1;
        state.served += served;
        Busy(self, served)
    }

    /// Counts the caller's task as a lane, if fewer than [`Pace::alone`] requests are under way, and were of
    /// late; `most`: the largest number that there are connections for.
    pub(super) fn enter(self: Arc<Self>, most: usize) -> Option<Entered> {
        let most = most.min(self.pace.alone);
        let mut state = self.state();
        let waiting: usize = state.waiting.iter().map(VecDeque::len).sum();
        state.until_calm = match state.served + state.inline + waiting {
            under_way if under_way < most => state.until_calm.saturating_sub(1),
            _ => CALM,
        };
        let is_free = !self.is_ended() && state.until_calm == 0 && waiting == 0;
        state.inline += usize::from(is_free);
        drop(state);
        is_free.then(|| Entered(self))
    }

    /// The number of waiting jobs.
    #[cfg(any(feature = "sqlite", test))]
    pub(super) fn len(&self) -> usize {
        self.state().waiting.iter().map(VecDeque::len).sum()
    }

    /// Takes jobs of the first one's route.
    fn batch(&self, waiting: &mut VecDeque<Job>, route: &impl Fn(ActionId) -> usize) -> Batch {
        let Pace {
            most,
            heaviest,
            mix,
            ..
        } = self.pace;
        let in_order = mix == Mix::All;
        let mut batch = Batch::default();
        let (mut left, mut weight, mut way) = (Vec::new(), 0, None);
        // By action, whether the job that was taken only finds.
        let mut taken: HashMap<ActionId, bool> = HashMap::new();
        while batch.jobs.len() < most
            && let Some(job) = waiting.pop_front()
        {
            // While a server is away, such jobs would pile up.
            if !job.is_wanted() {
                continue;
            }
            let its_way = route(job.id());
            if its_way != *way.get_or_insert(its_way) {
                left.push(job);
                continue;
            }
            let finds = taken.get(&job.id()).copied();
            let heavier = weight + job.weight();
            let fits = batch.jobs.is_empty() || (heavier <= heaviest && !job.alone);
            match finds {
                Some(true) if job.finds() && !job.alone => {
                    batch.followers.entry(job.id()).or_default().push(job);
                }
                None if fits => {
                    if !in_order {
                        taken.insert(job.id(), job.finds());
                    }
                    weight = heavier;
                    let alone = job.alone;
                    batch.jobs.push(job);
                    if alone {
                        break;
                    }
                }
                _ => {
                    left.push(job);
                    // In an exchange that mixes, the order of the requests holds.
                    if in_order {
                        break;
                    }
                }
            }
        }
        for job in left.into_iter().rev() {
            waiting.push_front(job);
        }
        if !in_order {
            batch.jobs.sort_unstable_by_key(|job| *job.id().as_bytes());
        }
        batch
    }

    fn kind(&self, step: &Step) -> usize {
        match step {
            _ if self.pace.mix == Mix::All => 0,
            Step::Read => 0,
            Step::Watch => 3,
            Step::Insert => 1,
            step if self.pace.mix == Mix::Unread && step.is_unread() => 1,
            _ => 2,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A queue for which a job may still come: its lanes stay until this is dropped.
#[derive(Debug)]
pub(super) struct Held(Arc<Queue>);

impl Fallback for Held {
    fn take_over(&self, job: Job) {
        self.0.put(job);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.state().held -= 1;
        self.0.arrived.notify_one();
    }
}

/// A lane at work with a number of jobs, until it is dropped.
pub(super) struct Busy<'a>(&'a Queue, usize);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.busy -= 1;
        state.served -= self.1;
    }
}

/// A caller's task at work as a lane, until it is dropped.
pub(super) struct Entered(Arc<Queue>);

impl Drop for Entered {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.inline -= 1;
        let waits = state.waiting.iter().any(|waiting| !waiting.is_empty());
        drop(state);
        if waits {
            self.0.arrived.notify_one();
        }
    }
}
