//! A request: an operation that waits in a queue, or that its caller's own task carries out.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

use super::backend::Backend;
use super::inline::Inline;
use super::job::Answered;
use super::lanes::{Lanes, gone};
use crate::protocol::operation::{Answer, Operation};
use crate::protocol::store_error::StoreError;

/// The answer to an operation.
pub(super) struct Request<B: Backend> {
    answer: Answered,
    inline: Option<Inline<B>>,
}

impl<B: Backend> Request<B> {
    /// Queues an operation.
    pub(super) fn queued(lanes: &Lanes<B>, operation: Operation) -> Self {
        let (job, answer) = lanes.queue.job(operation);
        lanes.queue.put(job);
        Self {
            answer,
            inline: None,
        }
    }

    /// Leaves an operation to the task that polls this.
    pub(super) fn inline(lanes: Arc<Lanes<B>>, operation: Operation, runtime: Handle) -> Self {
        let (job, answer) = lanes.queue.job(operation);
        Self {
            answer,
            inline: Some(Inline::new(lanes, job, runtime)),
        }
    }
}

impl<B: Backend> Future for Request<B> {
    type Output = Result<Answer, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(inline) = &mut self.inline
            && inline.poll(context).is_pending()
        {
            // It answers on this task. A waker would wake it once more, and another thread for it.
            return match self.answer.try_recv() {
                Ok(answer) => Poll::Ready(answer),
                Err(_) => Poll::Pending,
            };
        }
        let answer = Pin::new(&mut self.answer).poll(context);
        answer.map(|answer| answer.unwrap_or_else(|_| Err(gone())))
    }
}
