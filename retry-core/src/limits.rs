//! Time limits: of one attempt, and of the whole call.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::time::{Instant, Timeout};

use crate::clock;
use crate::error::RetryError;

/// The limits of one call, counted from when it began.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    started: Instant,
    timeout: Option<Duration>,
    max_total_time: Option<Duration>,
}

impl Limits {
    /// Begins to count.
    #[must_use]
    pub fn start(timeout: Option<Duration>, max_total_time: Option<Duration>) -> Self {
        Self {
            started: clock::now(),
            timeout,
            max_total_time,
        }
    }

    pub(crate) fn elapsed(&self) -> Duration {
        clock::now().saturating_duration_since(self.started)
    }

    /// What is left of the whole call's time; `None` where that is not limited.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        self.max_total_time
            .map(|limit| limit.saturating_sub(self.elapsed()))
    }

    /// Bounds an attempt by whatever ends first.
    pub fn bound<F: Future>(&self, operation: &'static str, attempt: u32, future: F) -> Bounded<F> {
        let left = self.left();
        let first = left
            .into_iter()
            .chain(self.timeout)
            .min()
            .unwrap_or(Duration::MAX);
        let cut = match (self.timeout, self.max_total_time) {
            (Some(timeout), _) if left.is_none_or(|left| timeout <= left) => {
                RetryError::AttemptTimeout {
                    operation,
                    attempt,
                    timeout,
                }
            }
            (_, limit) => RetryError::TimeLimit {
                operation,
                attempt,
                limit: limit.unwrap_or_default(),
            },
        };
        let never_begun = left.is_some_and(|left| left.is_zero());
        Bounded {
            timeout: tokio::time::timeout(first, future),
            never_begun,
            cut: Some(cut),
        }
    }
}

/// What a limit or a breaker makes of the call that it ends, in the caller's error type.
#[diagnostic::on_unimplemented(
    message = "a time limit or a circuit breaker needs an error type that can hold \
               `retry_core::RetryError`",
    label = "`{E}` does not implement `From<RetryError>`",
    note = "neither has an error of the function's own: implement `From<retry_core::RetryError>` \
            for `{E}`, for instance with a variant `#[error(\"{{0}}\")] Retry(#[from] RetryError)`"
)]
pub trait Cut<E> {
    /// The error.
    fn into_error(self) -> E;
    /// The cut as an error, if the whole call is over with it.
    fn ends_the_call(&self) -> Option<&dyn std::fmt::Display>;
}

#[diagnostic::do_not_recommend]
impl<E: From<RetryError>> Cut<E> for RetryError {
    fn into_error(self) -> E {
        E::from(self)
    }

    fn ends_the_call(&self) -> Option<&dyn std::fmt::Display> {
        (!matches!(self, Self::AttemptTimeout { .. })).then_some(self)
    }
}

impl<E> Cut<E> for Infallible {
    fn into_error(self) -> E {
        match self {}
    }

    fn ends_the_call(&self) -> Option<&dyn std::fmt::Display> {
        match *self {}
    }
}

pin_project! {
    /// An attempt that is dropped when its time is over, and not begun where there is none left.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Bounded<F> {
        #[pin]
        timeout: Timeout<F>,
        never_begun: bool,
        cut: Option<RetryError>,
    }
}

impl<F: Future> Future for Bounded<F> {
    type Output = Result<F::Output, RetryError>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if !*this.never_begun {
            match this.timeout.poll(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(outcome)) => return Poll::Ready(Ok(outcome)),
                Poll::Ready(Err(_)) => {}
            }
        }
        // A future that has ended may be polled again by mistake: it then stays pending.
        this.cut
            .take()
            .map_or(Poll::Pending, |cut| Poll::Ready(Err(cut)))
    }
}
