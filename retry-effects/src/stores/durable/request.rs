//! A request: an operation that waits in a queue, or that its caller's own task carries out.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

#[cfg(any(feature = "postgres", feature = "redis", test))]
use super::inline::Inline;
use super::job::Answered;
use super::lanes::gone;
use crate::protocol::operation::Answer;
use crate::protocol::store_error::StoreError;

/// The answer to an operation.
pub(super) struct Request {
    answer: Answered,
    #[cfg(any(feature = "postgres", feature = "redis", test))]
    inline: Option<Inline>,
}

impl Request {
    pub(super) fn queued(answer: Answered) -> Self {
        Self {
            answer,
            #[cfg(any(feature = "postgres", feature = "redis", test))]
            inline: None,
        }
    }

    #[cfg(any(feature = "postgres", feature = "redis", test))]
    pub(super) fn inline(answer: Answered, inline: Inline) -> Self {
        Self {
            answer,
            inline: Some(inline),
        }
    }
}

impl Future for Request {
    type Output = Result<Answer, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        #[cfg(any(feature = "postgres", feature = "redis", test))]
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
