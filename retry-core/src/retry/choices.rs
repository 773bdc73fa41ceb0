//! The parts of a [`Retry`](crate::retry::builder::Retry): one type for each choice, so that a call
//! pays only for the choices that it made, and its error needs only the bounds that these require.

use std::convert::Infallible;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::classify::classification::Classify;
use crate::classify::failure::{Classifier, Description, Failure};
use crate::classify::judgement::Verdict;
use crate::classify::retry_error::RetryError;
use crate::engine::deadline::{Bound, Limits, TimeBound};
use crate::engine::hedge::IsFinal;
use crate::report::retry_event::RetryEvent;

/// Errors are judged by their own [`Classify`].
#[derive(Clone, Copy, Debug)]
pub struct ByClassify;

/// Errors are judged by a predicate.
#[derive(Clone, Copy, Debug)]
pub struct RetryIf<F>(pub(super) F);

/// Errors are judged by `J`, and a predicate states which of them prove that nothing happened.
#[derive(Clone, Copy, Debug)]
pub struct NotAppliedIf<J, F> {
    pub(super) judge: J,
    pub(super) states: F,
}

/// A judge of errors.
pub trait Judge<E> {
    /// Returns the failure of `error` for the engine.
    fn failure<'a>(&self, error: &'a E) -> Failure<'a>;

    /// Returns the failure of `error`, not judged yet: no predicate is called.
    fn shown<'a>(&self, error: &'a E) -> Failure<'a>;

    /// Returns a predicate's advice, which takes precedence over the error's own.
    fn advice(&self, _error: &E) -> Option<Verdict> {
        None
    }

    /// Whether a predicate states that `error` proves that nothing happened.
    fn states_not_applied(&self, _error: &E) -> bool {
        false
    }
}

/// A judge that can take another predicate's advice.
pub trait Advisable {
    /// The judge with that advice.
    type With<F>;
    /// Replaces the advice by that of `predicate`.
    fn advised_by<F>(self, predicate: F) -> Self::With<F>;
}

impl Advisable for ByClassify {
    type With<F> = RetryIf<F>;

    fn advised_by<F>(self, predicate: F) -> RetryIf<F> {
        RetryIf(predicate)
    }
}

impl<G> Advisable for RetryIf<G> {
    type With<F> = RetryIf<F>;

    fn advised_by<F>(self, predicate: F) -> RetryIf<F> {
        RetryIf(predicate)
    }
}

impl<J: Advisable, S> Advisable for NotAppliedIf<J, S> {
    type With<F> = NotAppliedIf<J::With<F>, S>;

    fn advised_by<F>(self, predicate: F) -> Self::With<F> {
        NotAppliedIf {
            judge: self.judge.advised_by(predicate),
            states: self.states,
        }
    }
}

impl<E, J: Judge<E>, S: Fn(&E) -> bool> Judge<E> for NotAppliedIf<J, S> {
    #[inline]
    fn failure<'a>(&self, error: &'a E) -> Failure<'a> {
        self.judge
            .failure(error)
            .not_applied_if(|| self.states_not_applied(error))
    }

    #[inline]
    fn shown<'a>(&self, error: &'a E) -> Failure<'a> {
        self.judge.shown(error)
    }

    fn advice(&self, error: &E) -> Option<Verdict> {
        self.judge.advice(error)
    }

    fn states_not_applied(&self, error: &E) -> bool {
        (self.states)(error) || self.judge.states_not_applied(error)
    }
}

impl<E: Classify> Judge<E> for ByClassify {
    #[inline]
    fn failure<'a>(&self, error: &'a E) -> Failure<'a> {
        self.shown(error)
    }

    #[inline]
    fn shown<'a>(&self, error: &'a E) -> Failure<'a> {
        Failure::classified(error)
    }
}

impl<E: fmt::Display, V: Into<Verdict>, F: Fn(&E) -> V> Judge<E> for RetryIf<F> {
    #[inline]
    fn failure<'a>(&self, error: &'a E) -> Failure<'a> {
        self.shown(error).with_verdict(self.0(error).into())
    }

    #[inline]
    fn shown<'a>(&self, error: &'a E) -> Failure<'a> {
        Failure::new(Classifier::Text(error), Description::Display(error))
    }

    fn advice(&self, error: &E) -> Option<Verdict> {
        Some(self.0(error).into())
    }
}

/// A judge that the engine and the copies of an attempt share.
pub(super) struct SharedJudge<J>(pub(super) Arc<J>);

impl<J> Clone for SharedJudge<J> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<J> fmt::Debug for SharedJudge<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedJudge")
    }
}

impl<E, J: Judge<E>> Judge<E> for SharedJudge<J> {
    fn failure<'a>(&self, error: &'a E) -> Failure<'a> {
        self.0.failure(error)
    }

    fn shown<'a>(&self, error: &'a E) -> Failure<'a> {
        self.0.shown(error)
    }

    fn advice(&self, error: &E) -> Option<Verdict> {
        self.0.advice(error)
    }

    fn states_not_applied(&self, error: &E) -> bool {
        self.0.states_not_applied(error)
    }
}

impl<E, J: Judge<E>> IsFinal<E> for SharedJudge<J> {
    fn is_final(&self, error: &E) -> bool {
        self.0.failure(error).is_stop()
    }
}

/// Every `Ok` is accepted.
#[derive(Clone, Copy, Debug)]
pub struct AnyOk;

/// A predicate decides which `Ok` is retried.
#[derive(Clone, Copy, Debug)]
pub struct RetryOnOk<F>(pub(super) F);

/// The acceptance of a value.
pub trait Accept<T> {
    /// Whether no value is ever refused.
    const ANY: bool = false;
    /// Whether `value` is refused, so that another attempt is made.
    fn is_refused(&self, value: &T) -> bool;
}

impl<T> Accept<T> for AnyOk {
    const ANY: bool = true;

    #[inline]
    fn is_refused(&self, _: &T) -> bool {
        false
    }
}

impl<T, F: Fn(&T) -> bool> Accept<T> for RetryOnOk<F> {
    #[inline]
    fn is_refused(&self, value: &T) -> bool {
        self.0(value)
    }
}

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
