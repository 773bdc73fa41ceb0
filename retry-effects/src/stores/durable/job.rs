//! A job: an operation that waits for its answer, and the store's own lanes as its last resort.

use std::fmt::Debug;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::time::Instant;

use retry_core::Waits;
use tokio::sync::oneshot;

use super::backend::Call;
use super::run::Run;
use crate::identity::action_id::ActionId;
use crate::protocol::operation::{Answer, Operation, Step};
use crate::protocol::payload::Payload;
use crate::protocol::store_error::StoreError;

/// An operation that waits for its answer.
///
/// A job of a lane on a caller's runtime that is dropped without an answer moves to the store's own
/// lanes: that runtime has ended, or cannot connect.
#[derive(Debug)]
pub(super) struct Job(Option<Box<Parts>>);

#[derive(Debug)]
pub(super) struct Parts {
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
    /// `None` in the store's own lanes.
    fallback: Option<Arc<dyn Fallback>>,
}

/// The receiver of an answer.
pub(super) type Answered = oneshot::Receiver<Result<Answer, StoreError>>;

impl Job {
    pub(super) fn new(
        operation: Operation,
        fallback: Option<Arc<dyn Fallback>>,
    ) -> (Self, Answered) {
        let (answer, receiver) = oneshot::channel();
        let job = Self(Some(Box::new(Parts {
            run: Run::new(operation),
            asked: Instant::now(),
            alone: false,
            limit: None,
            waits: None,
            answer,
            fallback,
        })));
        (job, receiver)
    }

    pub(super) fn answer(mut self, answer: Result<Answer, StoreError>) {
        if let Some(parts) = self.0.take() {
            // A caller that has left needs no answer.
            let _ = parts.answer.send(answer);
        }
    }

    /// Leaves it to the store's own lanes, with all the time of a new job.
    pub(super) fn leave(mut self) {
        self.asked = Instant::now();
        self.limit = None;
    }

    pub(super) fn fail_by(self, error: impl FnOnce(Call<'_>) -> StoreError) {
        let error = error(self.run.call());
        self.answer(Err(error));
    }
}

impl Parts {
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

    pub(super) fn weight(&self) -> usize {
        let payload = match self.run.step() {
            Step::Write(write) => write.payload.as_ref(),
            _ => None,
        };
        payload.map_or(0, |payload: &Payload| payload.json().len()) + 128
    }

    /// Whether another job on the same action may take over what it finds.
    pub(super) fn finds(&self) -> bool {
        matches!(self.run.step(), Step::Insert | Step::Read)
    }
}

impl Deref for Job {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        self.0.as_deref().expect("it is there until it is answered")
    }
}

impl DerefMut for Job {
    fn deref_mut(&mut self) -> &mut Parts {
        self.0
            .as_deref_mut()
            .expect("it is there until it is answered")
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if let Some(mut parts) = self.0.take()
            && let Some(fallback) = parts.fallback.take()
            && parts.is_wanted()
        {
            fallback.take_over(Job(Some(parts)));
        }
    }
}

/// The store's own lanes, which take over the jobs that others leave, as long as this exists.
pub(super) trait Fallback: Debug + Send + Sync {
    fn take_over(&self, job: Job);
}
