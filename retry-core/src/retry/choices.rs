//! The parts of a [`Retry`](crate::retry::builder::Retry): one type for each choice, so that a call
//! pays only for the choices that it made, and its error needs only the bounds that these require.

use std::convert::Infallible;
use std::time::Duration;

use crate::classify::retry_error::RetryError;
use crate::engine::deadline::{Bound, Limits, TimeBound};
use crate::report::retry_event::RetryEvent;

/// No hook is called.
#[derive(Clone, Copy, Debug)]
pub struct NoHook;

/// A closure is called.
#[derive(Clone, Copy, Debug)]
pub struct OnRetry<F>(pub(super) F);

/// The receiver of a retry's event.
pub trait Hook<E> {
    /// Whether there is a receiver.
    const IS_ONE: bool = true;
    /// Reports a retry.
    fn call(&self, event: RetryEvent<'_, E>);
}

impl<E> Hook<E> for NoHook {
    const IS_ONE: bool = false;

    #[inline]
    fn call(&self, _: RetryEvent<'_, E>) {}
}

impl<E, F: Fn(RetryEvent<'_, E>)> Hook<E> for OnRetry<F> {
    fn call(&self, event: RetryEvent<'_, E>) {
        self.0(event);
    }
}

/// Time is not limited.
#[derive(Clone, Copy, Debug)]
pub struct NoLimit;

/// The whole call is limited.
#[derive(Clone, Copy, Debug)]
pub struct TotalTime {
    pub(super) limit: Duration,
    pub(super) begun: Option<Limits>,
}

/// Each attempt is limited, and perhaps the whole call.
#[derive(Clone, Copy, Debug)]
pub struct Timeout {
    pub(super) timeout: Duration,
    pub(super) max_total_time: Option<Duration>,
    pub(super) begun: Option<Limits>,
}

/// Limits whose count may start before the first attempt.
pub trait Begin {
    /// Starts to count now, if time is limited.
    fn begin(&mut self) -> Option<Limits>;
}

impl Begin for NoLimit {
    fn begin(&mut self) -> Option<Limits> {
        None
    }
}

impl Begin for TotalTime {
    fn begin(&mut self) -> Option<Limits> {
        self.begun = Some(self.count());
        self.begun
    }
}

impl Begin for Timeout {
    fn begin(&mut self) -> Option<Limits> {
        self.begun = Some(self.count());
        self.begun
    }
}

impl TotalTime {
    /// Counts from now on, unless the count has begun.
    fn count(&self) -> Limits {
        self.begun
            .unwrap_or_else(|| Limits::start(None, Some(self.limit)))
    }
}

impl Timeout {
    /// Counts from now on, unless the count has begun.
    fn count(&self) -> Limits {
        self.begun
            .unwrap_or_else(|| Limits::start(Some(self.timeout), self.max_total_time))
    }
}

/// Limits that a sync call can enforce.
#[diagnostic::on_unimplemented(
    message = "`timeout` cannot cut a sync attempt",
    note = "use `max_total_time`, which bounds the whole call, or `run_async`"
)]
pub trait SyncLimits: Begin {
    /// The started count; `()` if time is not limited.
    type Started;
    /// Starts to count.
    fn start(&self) -> Self::Started;
    /// Returns the limits, if there are any.
    fn limits(started: &Self::Started) -> Option<&Limits>;
}

impl SyncLimits for NoLimit {
    type Started = ();

    #[inline]
    fn start(&self) {}

    #[inline]
    fn limits((): &()) -> Option<&Limits> {
        None
    }
}

impl SyncLimits for TotalTime {
    type Started = Limits;

    fn start(&self) -> Limits {
        self.count()
    }

    fn limits(started: &Limits) -> Option<&Limits> {
        Some(started)
    }
}

/// Limits of an async call.
pub trait AsyncLimits: Begin {
    /// The bound of an attempt.
    type Bound: Bound<Cut = Self::Cut>;
    /// The result of a cut attempt.
    type Cut;
    /// The started count; `()` if time is not limited.
    type Started;
    /// Starts to count.
    fn start(&self) -> Self::Started;
    /// Returns the limits, if there are any.
    fn limits(started: &Self::Started) -> Option<&Limits>;
    /// Returns the bound of an attempt that begins now.
    fn bound(
        started: &Self::Started,
        operation: impl FnOnce() -> &'static str,
        attempt: u32,
    ) -> Self::Bound;
}

impl AsyncLimits for NoLimit {
    type Bound = ();
    type Cut = Infallible;
    type Started = ();

    #[inline]
    fn start(&self) {}

    #[inline]
    fn limits((): &()) -> Option<&Limits> {
        None
    }

    #[inline]
    fn bound((): &(), _: impl FnOnce() -> &'static str, _: u32) {}
}

macro_rules! cutting_limits {
    ($limits:ty) => {
        impl AsyncLimits for $limits {
            type Bound = TimeBound;
            type Cut = RetryError;
            type Started = Limits;

            fn start(&self) -> Limits {
                self.count()
            }

            fn limits(started: &Limits) -> Option<&Limits> {
                Some(started)
            }

            fn bound(
                started: &Limits,
                operation: impl FnOnce() -> &'static str,
                attempt: u32,
            ) -> TimeBound {
                started.time_bound(operation(), attempt)
            }
        }
    };
}
cutting_limits!(TotalTime);
cutting_limits!(Timeout);
