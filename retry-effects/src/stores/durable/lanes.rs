//! A lane's work on a batch: hands its steps to the backend, gives each reply to its operation, and
//! repeats what got none.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use retry_core::Waits;

use super::backend::{Backend, Call, Cause, Failure, Reply};
use super::job::Job;
use super::queue::{Batch, Queue};
use super::run::{Advance, Run};
use crate::identity::action_id::ActionId;
use crate::protocol::ids::ClaimId;
use crate::protocol::operation::{Answer, Operation};
use crate::protocol::store::Changed;
use crate::protocol::store_error::StoreError;
use crate::stores::waiters::Waiters;

/// For how long a step is repeated in any case, however long its callers have waited.
const LEAST: Duration = Duration::from_secs(1);

/// How much later than its time limit an exchange ends if its runtime stood still meanwhile.
const STOOD_STILL: Duration = Duration::from_millis(500);

/// The shared state of the lanes on one runtime, or thread.
#[derive(Debug)]
pub(super) struct Lanes<B> {
    pub(super) backend: B,
    pub(super) queue: Arc<Queue>,
    waiters: Waiters,
    /// The number of operations since the last sweep, of all lanes of the store.
    unswept: Arc<AtomicUsize>,
}

/// Jobs that are to be sent again.
struct Unsent<F> {
    jobs: Vec<Job>,
    failure: F,
}

impl<B: Backend> Lanes<B> {
    pub(super) fn new(backend: B, waiters: Waiters) -> Self {
        Self {
            queue: Arc::new(Queue::new(backend.pace(), None)),
            backend,
            waiters,
            unswept: Arc::default(),
        }
    }

    /// Returns lanes of the same store with another queue, for another runtime.
    pub(super) fn beside(&self, backend: B, queue: Arc<Queue>) -> Self {
        Self {
            backend,
            queue,
            waiters: self.waiters.clone(),
            unswept: self.unswept.clone(),
        }
    }

    /// Completes when another operation on this action ends a claim here.
    pub(super) fn changed(&self, id: ActionId) -> Changed {
        self.waiters.watch(id)
    }

    /// Counts an operation, for the next sweep.
    pub(super) fn count(&self) {
        self.unswept.fetch_add(1, Ordering::Relaxed);
    }

    /// Answers all jobs, or requeues those with a further step.
    pub(super) async fn serve(self: &Arc<Self>, batch: Batch) {
        let Batch {
            mut jobs,
            mut followers,
        } = batch;
        let by = jobs.iter_mut().map(|job| self.limit(job)).max();
        let by = by.unwrap_or_else(Instant::now);
        let (mut waits, mut cuts) = (None, 0_u32);
        loop {
            // Right before they are sent: the later requests of a caller that leaves come after them.
            jobs.retain(|job| job.is_wanted());
            if jobs.is_empty() {
                break;
            }
            let Some(Unsent {
                jobs: left,
                failure,
            }) = self.send(jobs, &mut followers, by).await
            else {
                break;
            };
            jobs = left;
            cuts += u32::from(failure.cause() == Cause::Connection);
            if cuts > 1 && jobs.len() > 1 {
                jobs.into_iter().for_each(|job| self.put_alone(job));
                break;
            }
            let wait = match failure.cause() {
                // Mostly only the connection was lost.
                Cause::Connection if cuts == 1 => Some(Duration::ZERO),
                _ => waits.get_or_insert_with(|| self.waits()).next(),
            };
            // While a server is away, no job waits for as long as a younger one beside it may.
            let next = wait.map(|wait| Instant::now() + wait);
            let late = jobs.extract_if(.., |job| next.is_none_or(|next| next >= self.limit(job)));
            for job in late.collect::<Vec<_>>() {
                self.fail(job, &failure, &mut followers);
            }
            if jobs.is_empty() {
                break;
            }
            if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
                tokio::time::sleep(wait).await;
            }
        }
        for job in followers.into_values().flatten() {
            self.queue.put(job);
        }
        self.sweep_sometimes().await;
    }

    /// Sends one step of each job, and follows the replies. Returns the jobs that got none.
    async fn send(
        self: &Arc<Self>,
        jobs: Vec<Job>,
        followers: &mut Followers,
        by: Instant,
    ) -> Option<Unsent<B::Failure>> {
        let latest = by.max(Instant::now() + LEAST) + STOOD_STILL;
        let replies = self.exchange(&jobs, by).await;
        let has_stood_still = self.queue.has_fallback() && Instant::now() > latest;
        let is_alone = jobs.len() == 1;
        let (mut unsent, mut unwritten) = (None, None);
        for (mut job, reply) in jobs.into_iter().zip(replies) {
            let failure = match reply {
                Ok(reply) => {
                    self.follow(job, reply, followers);
                    continue;
                }
                // Nothing says that the server did not answer in time.
                Err(_) if has_stood_still => {
                    job.leave();
                    continue;
                }
                Err(failure) => failure,
            };
            match failure.cause() {
                Cause::Passing | Cause::Connection => add(&mut unsent, job, failure),
                Cause::ReadOnly { .. } if job.run.step().expected().is_some() => {
                    job.run.only_read(true);
                    add(&mut unwritten, job, failure);
                }
                Cause::ReadOnly { passes: true } => add(&mut unsent, job, failure),
                Cause::Step if !is_alone => self.put_alone(job),
                Cause::Step | Cause::Final | Cause::ReadOnly { .. } => {
                    self.fail(job, &failure, followers);
                }
            }
        }
        if let Some(unwritten) = unwritten {
            self.read_unwritten(unwritten, followers, by).await;
        }
        unsent
    }

    /// Reads the records of jobs that a server refused which takes no writes: what has run is replayed.
    async fn read_unwritten(
        self: &Arc<Self>,
        unwritten: Unsent<B::Failure>,
        followers: &mut Followers,
        by: Instant,
    ) {
        let Unsent { jobs, failure } = unwritten;
        let passes = failure.cause() == Cause::ReadOnly { passes: true };
        let replies = self.exchange(&jobs, by).await;
        for (mut job, reply) in jobs.into_iter().zip(replies) {
            if let Ok(reply) = reply {
                match self.advance(job, reply, followers) {
                    Some(left) => job = left,
                    None => continue,
                }
            }
            job.run.only_read(false);
            let waits = job.waits.get_or_insert_with(|| self.waits());
            let pause = waits.next().filter(|_| passes);
            let limit = self.limit(&mut job);
            match pause.filter(|pause| Instant::now() + *pause < limit) {
                // The lane is free meanwhile, for those that only read.
                Some(pause) => self.put_after(pause, job),
                None => self.fail(job, &failure, followers),
            }
        }
    }

    async fn exchange(&self, jobs: &[Job], by: Instant) -> Vec<Result<Reply, B::Failure>> {
        let calls: Vec<Call<'_>> = jobs.iter().map(|job| job.run.call()).collect();
        self.backend.exchange(&calls, by).await
    }

    /// Follows a reply; whoever needs only what this job found is answered, too.
    fn follow(self: &Arc<Self>, job: Job, reply: Reply, followers: &mut Followers) {
        let _ = self.advance(job, reply, followers);
    }

    /// The same; returns the job if its next step is a write, and the server takes none.
    fn advance(
        self: &Arc<Self>,
        mut job: Job,
        reply: Reply,
        followers: &mut Followers,
    ) -> Option<Job> {
        if let Reply::Found(found) = &reply {
            for follower in followers.remove(&job.id()).into_iter().flatten() {
                let reply = Reply::Found(found.clone());
                if let Some(follower) = self.advance(follower, reply, &mut HashMap::new()) {
                    self.queue.put(follower);
                }
            }
        }
        for follower in followers.remove(&job.id()).into_iter().flatten() {
            self.queue.put(follower);
        }
        match job.run.advance(reply) {
            Advance::Answer(answer) => {
                self.wake(job.run.operation(), &answer);
                job.answer(answer);
            }
            Advance::Again => self.queue.put(job),
            Advance::After(pause) => self.put_after(pause, job),
            Advance::Unwritable => return Some(job),
        }
        None
    }

    fn fail(&self, job: Job, failure: &B::Failure, followers: &mut Followers) {
        for job in followers
            .remove(&job.id())
            .into_iter()
            .flatten()
            .chain([job])
        {
            job.fail_by(|call| self.backend.error(call, failure));
        }
    }

    fn put_alone(&self, mut job: Job) {
        job.alone = true;
        self.queue.put(job);
    }

    /// Queues a job after a pause, unless its caller leaves meanwhile.
    fn put_after(self: &Arc<Self>, pause: Duration, mut job: Job) {
        let lanes = self.clone();
        let held = self.queue.hold();
        tokio::spawn(async move {
            if tokio::time::timeout(pause, job.left()).await.is_err() {
                lanes.queue.put(job);
            }
            drop(held);
        });
    }

    pub(super) fn wake(&self, operation: &Operation, answer: &Result<Answer, StoreError>) {
        let is_ended = match answer {
            Ok(Answer::Changed(_)) => operation.ends_a_claim(),
            Ok(Answer::Watched(will_come)) => !will_come,
            _ => false,
        };
        if is_ended {
            self.waiters.wake(operation.id());
        }
    }

    /// Returns until when a job is repeated: its callers wait no longer than the backend's patience, but for a
    /// short try after a long time in the queue.
    fn limit(&self, job: &mut Job) -> Instant {
        let patience = self.backend.patience();
        let asked = job.asked;
        *job.limit
            .get_or_insert_with(|| (asked + patience).max(Instant::now() + LEAST))
    }

    fn waits(&self) -> Waits {
        // The low half of a fully random number.
        #[expect(clippy::cast_possible_truncation, reason = "a seed")]
        let seed = ClaimId::random().bits() as u64;
        B::PACE.waits.waits(seed)
    }

    /// Removes records whose retention is over, after a number of operations. If that fails, the next sweep
    /// removes them. A sweep on a server is a task of its own: it holds up no call.
    async fn sweep_sometimes(self: &Arc<Self>) {
        if !self.is_to_be_swept() {
            return;
        }
        if B::PACE.blocks {
            self.sweep().await;
        } else {
            let lanes = self.clone();
            tokio::spawn(async move { lanes.sweep().await });
        }
    }

    pub(super) fn is_to_be_swept(&self) -> bool {
        let every = B::PACE.sweep_every;
        self.unswept.load(Ordering::Relaxed) >= every
            && self.unswept.swap(0, Ordering::Relaxed) >= every
    }

    pub(super) async fn sweep(&self) {
        let Ok(due) = self.backend.due(B::PACE.sweep_every).await else {
            return;
        };
        let removals: Vec<Run> = due
            .into_iter()
            .filter(|(_, found)| found.slot.is_over(found.now))
            .map(|(id, found)| Run::new(Operation::Remove(id, found.seen)))
            .collect();
        for removals in removals.chunks(B::PACE.most) {
            let calls: Vec<Call<'_>> = removals.iter().map(Run::call).collect();
            let by = Instant::now() + self.backend.patience();
            self.backend.exchange(&calls, by).await;
        }
    }
}

type Followers = HashMap<ActionId, Vec<Job>>;

fn add<F>(unsent: &mut Option<Unsent<F>>, job: Job, failure: F) {
    match unsent {
        Some(unsent) => unsent.jobs.push(job),
        None => {
            *unsent = Some(Unsent {
                jobs: vec![job],
                failure,
            });
        }
    }
}

/// Returns the error for an answer that will not come.
pub(super) fn gone() -> StoreError {
    StoreError::unavailable("answer", "the task that was to answer has ended")
}
