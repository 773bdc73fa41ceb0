//! The queue in which operations wait for a lane.
//!
//! A free lane takes all waiting steps of one kind, and hands them over together. So a lone caller's step
//! is sent at once; and the more callers there are, the more of them share an exchange and its commit.
//!
//! Only as many lanes work at once as the load needs: otherwise each lane would take a few of many
//! callers, and short exchanges cost a server most.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use retry_core::Waits;
use tokio::sync::{Notify, oneshot};

use super::backend::{Call, Pace};
use super::run::Run;
use crate::identity::action_id::ActionId;
use crate::protocol::operation::{Answer, Operation, Step};
use crate::protocol::payload::Payload;
use crate::protocol::store_error::StoreError;

/// The number of lanes that work at once while one lane can take all that waits.
const FEW: usize = 3;

/// The number of waiting steps of a kind that starts one lane more.
const CROWD: usize = 32;

/// An operation that waits for its answer.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) run: Run,
    /// When it was requested.
    pub(super) asked: Instant,
    /// Whether it is sent in an exchange of its own.
    pub(super) alone: bool,
    /// Until when it is repeated; set once it is sent.
    pub(super) limit: Option<Instant>,
    /// The waits for a server that takes no writes for now.
    pub(super) waits: Option<Waits>,
    answer: oneshot::Sender<Result<Answer, StoreError>>,
}

/// The receiver of an answer.
pub(super) type Answered = oneshot::Receiver<Result<Answer, StoreError>>;

impl Job {
    pub(super) fn new(operation: Operation) -> (Self, Answered) {
        let (answer, receiver) = oneshot::channel();
        let job = Self {
            run: Run::new(operation),
            asked: Instant::now(),
            alone: false,
            limit: None,
            waits: None,
            answer,
        };
        (job, receiver)
    }

    pub(super) fn id(&self) -> ActionId {
        self.run.operation().id()
    }

    /// Whether it is to be sent: its caller waits, or it takes place without a caller.
    pub(super) fn is_wanted(&self) -> bool {
        self.run.operation().outlives_its_caller() || !self.answer.is_closed()
    }

    /// Completes when it is not wanted any more.
    pub(super) async fn left(&mut self) {
        if self.run.operation().outlives_its_caller() {
            std::future::pending::<()>().await;
        }
        self.answer.closed().await;
    }

    pub(super) fn answer(self, answer: Result<Answer, StoreError>) {
        // A caller that has left needs no answer.
        let _ = self.answer.send(answer);
    }

    pub(super) fn fail_by(self, error: impl FnOnce(Call<'_>) -> StoreError) {
        let error = error(self.run.call());
        self.answer(Err(error));
    }

    fn weight(&self) -> usize {
        let payload = match self.run.step() {
            Step::Write(write) => write.payload.as_ref(),
            _ => None,
        };
        payload.map_or(0, |payload: &Payload| payload.json().len()) + 128
    }

    /// Whether another job on the same action may take over what it finds.
    fn finds(&self) -> bool {
        matches!(self.run.step(), Step::Insert | Step::Read)
    }
}

/// The jobs of one exchange.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) jobs: Vec<Job>,
    /// Jobs on actions of those jobs, which need only what these find.
    pub(super) followers: HashMap<ActionId, Vec<Job>>,
}

/// The queue of one store. Any thread adds jobs; lanes take them.
#[derive(Debug)]
pub(super) struct Queue {
    pace: Pace,
    state: Mutex<State>,
    pub(super) arrived: Notify,
}

#[derive(Debug, Default)]
struct State {
    /// By kind; all in the first one if exchanges mix them.
    waiting: [VecDeque<Job>; KINDS],
    /// The kind that was taken last.
    turn: usize,
    /// The number of lanes at work.
    busy: usize,
    /// The number of jobs that come back after a pause.
    held: usize,
    is_closed: bool,
}

const KINDS: usize = 4;

/// What a lane gets.
pub(super) enum Taken<'a> {
    Batch(Batch, Busy<'a>),
    Nothing,
    /// The queue is closed, and no job comes any more.
    Closed,
}

impl Queue {
    pub(super) fn new(pace: Pace) -> Self {
        Self {
            pace,
            state: Mutex::default(),
            arrived: Notify::new(),
        }
    }

    pub(super) fn put(&self, job: Job) {
        let kind = self.kind(job.run.step());
        self.state().waiting[kind].push_back(job);
        self.arrived.notify_one();
    }

    /// Expects a job after a pause: lanes stay for it.
    pub(super) fn hold(&self) {
        self.state().held += 1;
    }

    /// Ends a pause. The job is queued unless its caller has left.
    pub(super) fn put_held(&self, job: Option<Job>) {
        let mut state = self.state();
        state.held -= 1;
        if let Some(job) = job {
            let kind = self.kind(job.run.step());
            state.waiting[kind].push_back(job);
        }
        drop(state);
        self.arrived.notify_one();
    }

    /// Ends the input: lanes end once they have served the jobs that are queued.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.arrived.notify_waiters();
        self.arrived.notify_one();
    }

    /// Takes the jobs of one exchange, all of one route.
    pub(super) fn take(&self, route: impl Fn(ActionId) -> usize) -> Taken<'_> {
        let mut state = self.state();
        let longest = state.waiting.iter().map(VecDeque::len).max().unwrap_or(0);
        if longest == 0 {
            return if state.is_closed && state.held == 0 {
                Taken::Closed
            } else {
                Taken::Nothing
            };
        }
        if state.busy >= FEW && longest < CROWD {
            return Taken::Nothing;
        }
        for _ in 0..KINDS {
            state.turn = (state.turn + 1) % KINDS;
            let turn = state.turn;
            let batch = self.batch(&mut state.waiting[turn], &route);
            if !batch.jobs.is_empty() {
                state.busy += 1;
                return Taken::Batch(batch, Busy(self));
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
        is_idle.then(|| {
            state.busy += 1;
            Busy(self)
        })
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
            mixes,
            ..
        } = self.pace;
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
                    if !mixes {
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
                    if mixes {
                        break;
                    }
                }
            }
        }
        for job in left.into_iter().rev() {
            waiting.push_front(job);
        }
        if !mixes {
            batch.jobs.sort_unstable_by_key(|job| *job.id().as_bytes());
        }
        batch
    }

    fn kind(&self, step: &Step) -> usize {
        match step {
            _ if self.pace.mixes => 0,
            Step::Read => 0,
            Step::Insert => 1,
            Step::Overwrite { .. } | Step::Write(_) | Step::Confirm(..) | Step::Remove(_) => 2,
            Step::Watch => 3,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A lane at work, until it is dropped.
pub(super) struct Busy<'a>(&'a Queue);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.state().busy -= 1;
    }
}
