//! An operation that its caller's own task carries out: that of a lone caller, for whom a lane would only be a
//! detour.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

use super::backend::Backend;
use super::job::{Answered, Job};
use super::lanes::Lanes;
use super::queue::{ALONE, Batch, Queue};
use super::task_waker;
use crate::protocol::operation::Operation;

/// An operation under way on the task that waits for its answer. It is in no exchange with others': they would
/// stand still with this task.
///
/// Only a task of tokio's polls it; for others the store's own lanes carry it out.
///
/// Dropped before its end, or unpolled, it goes on as a task of the runtime: no connection is left with an
/// answer that nobody reads, and an outcome is recorded.
pub(super) struct Inline {
    serving: Option<Serving>,
    queue: Arc<Queue>,
    runtime: Handle,
}

type Serving = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Inline {
    /// Begins an operation; `None`: it is queued, for others are under way on these lanes, and it may share an
    /// exchange.
    pub(super) fn begin<B: Backend>(
        lanes: Arc<Lanes<B>>,
        operation: Operation,
        runtime: Handle,
    ) -> (Answered, Option<Self>) {
        let queue = lanes.queue.clone();
        let most = lanes.backend.lanes().min(ALONE);
        let Some(entered) = queue.clone().enter(most) else {
            return (queue.request(operation), None);
        };
        let (job, answer) = Job::new(operation, queue.fallback());
        let batch = Batch::of(job);
        let serving = Box::pin(async move {
            lanes.serve(batch).await;
            drop(entered);
        });
        let inline = Self {
            serving: Some(serving),
            queue,
            runtime,
        };
        (answer, Some(inline))
    }

    /// Ready once it is answered, or waits in a queue.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if let Some(serving) = &mut self.serving {
            if !task_waker::is_of_task(context) {
                // Its job moves to the store's own lanes: the driver of its connection may need this thread.
                self.serving = None;
                return Poll::Ready(());
            }
            match catch_unwind(AssertUnwindSafe(|| serving.as_mut().poll(context))) {
                Ok(Poll::Pending) => return Poll::Pending,
                Ok(Poll::Ready(())) => {}
                // The runtime has no driver for sockets, or for time.
                Err(_) => self.queue.end(),
            }
            self.serving = None;
        }
        Poll::Ready(())
    }
}

impl Drop for Inline {
    fn drop(&mut self) {
        if let Some(serving) = self.serving.take() {
            self.runtime.spawn(serving);
        }
    }
}
