//! Time limits: of one attempt, and of the whole call.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use tokio::task::coop::{Unconstrained, unconstrained};
use tokio::time::{Instant, Sleep};

use crate::classify::retry_error::RetryError;
use crate::clock;

/// The limits of one call, counted from its start.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    started: Instant,
    timeout: Option<Duration>,
    max_total_time: Option<Duration>,
}

impl Limits {
    /// Starts the limits of a call.
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

    /// Returns the time left to the whole call; `None` if that is not limited.
    #[must_use]
    pub fn left(&self) -> Option<Duration> {
        self.max_total_time
            .map(|limit| limit.saturating_sub(self.elapsed()))
    }

    /// Bounds an attempt by the limit that ends first.
    pub fn bound<F>(&self, operation: &'static str, attempt: u32, future: F) -> BoundedAttempt<F> {
        BoundedAttempt::new(self.time_bound(operation, attempt), future)
    }

    /// Returns the bound of an attempt that begins now.
    pub(crate) fn time_bound(&self, operation: &'static str, attempt: u32) -> TimeBound {
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
        TimeBound {
            // Unconstrained: the limit ends on time even if the task has used up tokio's coop budget.
            sleep: unconstrained(tokio::time::sleep(first)),
            never_begun: left.is_some_and(|left| left.is_zero()),
            cut: Some(cut),
        }
    }
}

/// The end of a call by a limit or a breaker, turned into the caller's error type.
#[diagnostic::on_unimplemented(
    message = "a time limit or a circuit breaker needs an error type that can hold \
               `retry_core::RetryError`",
    label = "`{E}` does not implement `From<RetryError>`",
    note = "neither has an error of the function's own: implement `From<retry_core::RetryError>` \
            for `{E}`, for instance with a variant `#[error(\"{{0}}\")] Retry(#[from] RetryError)`"
)]
pub trait IntoUserError<E> {
    /// Returns the error.
    fn into_error(self) -> E;
    /// Returns the cut as an error, if it ends the whole call.
    fn ends_the_call(&self) -> Option<&dyn std::fmt::Display>;
}

#[diagnostic::do_not_recommend]
impl<E: From<RetryError>> IntoUserError<E> for RetryError {
    fn into_error(self) -> E {
        E::from(self)
    }

    fn ends_the_call(&self) -> Option<&dyn std::fmt::Display> {
        (!matches!(self, Self::AttemptTimeout { .. })).then_some(self)
    }
}

impl<E> IntoUserError<E> for Infallible {
    fn into_error(self) -> E {
        match self {}
    }

    fn ends_the_call(&self) -> Option<&dyn std::fmt::Display> {
        match *self {}
    }
}

/// A bound that may cut an attempt.
pub trait Bound {
    /// The result of a cut attempt.
    type Cut;
    /// Returns the cut, if no time is left even to begin.
    fn cut_at_start(self: Pin<&mut Self>) -> Option<Self::Cut>;
    /// Returns the cut, once time is over.
    fn poll_cut(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Cut>;
}

/// No bound.
impl Bound for () {
    type Cut = Infallible;

    #[inline]
    fn cut_at_start(self: Pin<&mut Self>) -> Option<Infallible> {
        None
    }

    #[inline]
    fn poll_cut(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Infallible> {
        Poll::Pending
    }
}

pin_project! {
    /// A bound in time.
    pub struct TimeBound {
        #[pin]
        sleep: Unconstrained<Sleep>,
        never_begun: bool,
        cut: Option<RetryError>,
    }
}

impl std::fmt::Debug for TimeBound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TimeBound")
            .field("cut", &self.cut)
            .finish_non_exhaustive()
    }
}

impl Bound for TimeBound {
    type Cut = RetryError;

    fn cut_at_start(self: Pin<&mut Self>) -> Option<RetryError> {
        let this = self.project();
        // A future that has ended may be polled again by mistake: it then stays pending.
        this.cut.take_if(|_| *this.never_begun)
    }

    fn poll_cut(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<RetryError> {
        let this = self.project();
        if this.cut.is_some() && this.sleep.poll(context).is_pending() {
            return Poll::Pending;
        }
        this.cut.take().map_or(Poll::Pending, Poll::Ready)
    }
}

pin_project! {
    /// An attempt that is dropped when its time is over, and not begun if none is left.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct BoundedAttempt<F, B = TimeBound> {
        #[pin]
        bound: B,
        #[pin]
        future: F,
    }
}

impl<F, B> BoundedAttempt<F, B> {
    #[inline]
    pub(crate) const fn new(bound: B, future: F) -> Self {
        Self { bound, future }
    }
}

impl<F: Future, B: Bound> Future for BoundedAttempt<F, B> {
    type Output = Result<F::Output, B::Cut>;

    // Zero-sized without a limit; inlined by force, else a call is emitted.
    #[inline(always)]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        if let Some(cut) = this.bound.as_mut().cut_at_start() {
            return Poll::Ready(Err(cut));
        }
        if let Poll::Ready(outcome) = this.future.poll(context) {
            return Poll::Ready(Ok(outcome));
        }
        this.bound.poll_cut(context).map(Err)
    }
}
