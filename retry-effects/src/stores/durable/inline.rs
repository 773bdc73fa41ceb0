//! An operation that its caller's own task carries out: that of a lone caller, for whom a lane would only be a
//! detour.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

use super::backend::Backend;
use super::job::Job;
use super::lanes::Lanes;
use super::queue::Batch;
use super::task_waker;

/// An operation that the task which waits for its answer carries out. It is in no exchange with others': they
/// would stand still with this task.
///
/// It begins at its first poll. Only a task of tokio's carries it out, and only if it has to wait for no
/// connection: one that is not polled any more would hold up others. Else it is queued.
///
/// Dropped before its end, it goes on: queued, or as a task of the runtime. No connection is left with an
/// answer that nobody reads, and an outcome is recorded.
pub(super) struct Inline<B: Backend> {
    state: State,
    lanes: Arc<Lanes<B>>,
    runtime: Handle,
}

enum State {
    Requested(Job),
    Serving(Serving),
    /// Answered, or queued.
    Over,
}

type Serving = Pin<Box<dyn Future<Output = ()> + Send>>;

impl<B: Backend> Inline<B> {
    pub(super) fn new(lanes: Arc<Lanes<B>>, job: Job, runtime: Handle) -> Self {
        Self {
            state: State::Requested(job),
            lanes,
            runtime,
        }
    }

    /// Begins to serve the job, unless it is to be queued.
    fn begin(&self, job: Job) -> Result<Serving, Job> {
        let lanes = self.lanes.clone();
        if !lanes.backend.is_connected() {
            return Err(job);
        }
        // One connection is left to the lanes.
        let most = lanes.backend.lanes().saturating_sub(1);
        let Some(entered) = lanes.queue.clone().enter(most) else {
            return Err(job);
        };
        Ok(Box::pin(async move {
            lanes.serve(Batch::of(job)).await;
            drop(entered);
        }))
    }

    /// Ready once it is answered, or waits in a queue.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let is_of_task = task_waker::is_of_task(context);
        let mut serving = match std::mem::replace(&mut self.state, State::Over) {
            State::Over => return Poll::Ready(()),
            // It moves to the store's own lanes: the driver of its connection may need this thread.
            State::Requested(_) | State::Serving(_) if !is_of_task => return Poll::Ready(()),
            State::Serving(serving) => serving,
            State::Requested(job) => match self.begin(job) {
                Ok(serving) => serving,
                Err(job) => {
                    self.lanes.queue.put(job);
                    return Poll::Ready(());
                }
            },
        };
        match catch_unwind(AssertUnwindSafe(|| serving.as_mut().poll(context))) {
            Ok(Poll::Pending) => {
                self.state = State::Serving(serving);
                Poll::Pending
            }
            Ok(Poll::Ready(())) => Poll::Ready(()),
            // The runtime has no driver for sockets, or for time.
            Err(_) => {
                self.lanes.queue.end();
                Poll::Ready(())
            }
        }
    }
}

impl<B: Backend> Drop for Inline<B> {
    fn drop(&mut self) {
        match std::mem::replace(&mut self.state, State::Over) {
            // Before the next request of its caller.
            State::Requested(job) => self.lanes.queue.put(job),
            State::Serving(serving) => drop(self.runtime.spawn(serving)),
            State::Over => {}
        }
    }
}
