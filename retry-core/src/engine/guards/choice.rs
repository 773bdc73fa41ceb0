//! The guards of a [`Retry`](crate::Retry): a type for each need, so that only a breaker requires an
//! error that can hold a `RetryError`.

use std::convert::Infallible;
use std::future::Future;
use std::marker::PhantomData;
use std::time::Duration;

use super::admission::{Admission, OutcomeReceiver};
use super::in_force::Guards;
use super::limiter_delay::{LimiterDelay, NoDelay};
use crate::classify::retry_error::RetryError;
use crate::engine::deadline::Limits;
use crate::guard::adaptive::AdaptiveLimiter;
use crate::guard::breaker::circuit_breaker::CircuitBreaker;
use crate::guard::budget::retry_budget::RetryBudget;
use crate::guard::scope::{EnterScope, RetryScope};
use crate::operation::Operation;

/// No guard.
#[derive(Clone, Copy, Debug)]
pub struct NoGuard;

/// Guards that never reject a call (`R` is [`Infallible`]), or whose breaker may (a [`RetryError`]).
#[derive(Debug)]
pub struct Guarded<'a, R = Infallible> {
    pub(crate) budget: Option<&'a RetryBudget>,
    pub(crate) breaker: Option<&'a CircuitBreaker>,
    pub(crate) limiter: Option<&'a AdaptiveLimiter>,
    pub(crate) time_budget: Option<Duration>,
    pub(crate) rejection: PhantomData<fn() -> R>,
}

// Not derived: a derive would require `R: Copy`.
impl<R> Clone for Guarded<'_, R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Guarded<'_, R> {}

/// Guards that can be extended.
pub trait ExtendGuards<'a>: Sized {
    /// The rejection of a call.
    type Rejection;
    /// Returns the same guards, in a type that takes more.
    fn into_guarded(self) -> Guarded<'a, Self::Rejection>;
}

impl<'a> ExtendGuards<'a> for NoGuard {
    type Rejection = Infallible;

    fn into_guarded(self) -> Guarded<'a> {
        Guarded {
            budget: None,
            breaker: None,
            limiter: None,
            time_budget: None,
            rejection: PhantomData,
        }
    }
}

impl<'a, R> ExtendGuards<'a> for Guarded<'a, R> {
    type Rejection = R;

    fn into_guarded(self) -> Self {
        self
    }
}

impl<'a, R> Guarded<'a, R> {
    pub(crate) fn with_breaker(self, breaker: &'a CircuitBreaker) -> Guarded<'a, RetryError> {
        Guarded {
            budget: self.budget,
            breaker: Some(breaker),
            limiter: self.limiter,
            time_budget: self.time_budget,
            rejection: PhantomData,
        }
    }

    /// Returns the guards that calls share: all but the time budget.
    #[inline]
    pub(crate) fn shared(&self) -> Guards<'a> {
        Guards {
            budget: self.budget,
            breaker: self.breaker,
            limiter: self.limiter,
            scope: None,
        }
    }
}

/// Guards as they hold for one call. None of its types has a lifetime or a bound of its own: a future
/// that holds one would not be known to be `Send`.
pub trait CallGuards {
    /// The rejection of a call.
    type Rejection;
    /// The guards of one call, from its start.
    type InForce;
    /// The admission of an attempt.
    type Admission: OutcomeReceiver;
    /// The wait for the limiter.
    type Delay: Future<Output = bool>;
    /// The call's time budget.
    type Scope: EnterScope;

    /// Begins a call.
    fn begin(&self) -> Self::InForce;
    /// Returns its guards, if there are any.
    fn guards(begun: &Self::InForce) -> Option<&Guards<'_>>;
    /// Admits an attempt where that needs no decision.
    fn admit_at_once(begun: &Self::InForce) -> Option<Self::Admission>;
    /// Requests an attempt.
    ///
    /// # Errors
    ///
    /// The breaker's rejection.
    fn admit(
        begun: &Self::InForce,
        operation: &Operation,
    ) -> Result<Self::Admission, Self::Rejection>;
    /// Waits for the limiter.
    fn delay(
        begun: &Self::InForce,
        limits: Option<&Limits>,
        operation: &Operation,
        attempt: u32,
    ) -> Self::Delay;
    /// Returns the scope that an attempt runs in.
    fn scope(begun: &Self::InForce) -> Self::Scope;
}

impl CallGuards for NoGuard {
    type Rejection = Infallible;
    type InForce = ();
    type Admission = ();
    type Delay = NoDelay;
    type Scope = ();

    #[inline]
    fn begin(&self) {}

    #[inline]
    fn guards((): &()) -> Option<&Guards<'_>> {
        None
    }

    #[inline]
    fn admit_at_once((): &()) -> Option<()> {
        Some(())
    }

    #[inline]
    fn admit((): &(), _: &Operation) -> Result<(), Infallible> {
        Ok(())
    }

    #[inline]
    fn delay((): &(), _: Option<&Limits>, _: &Operation, _: u32) -> NoDelay {
        NoDelay
    }

    #[inline]
    fn scope((): &()) {}
}

/// A rejection type; it states whether there is a breaker to query.
pub trait AdmissionError: Sized {
    /// Requests an attempt.
    ///
    /// # Errors
    ///
    /// The breaker's rejection.
    fn admit<'a>(guards: &Guards<'a>, operation: &Operation) -> Result<Admission<'a>, Self>;
}

impl AdmissionError for Infallible {
    #[inline]
    fn admit<'a>(guards: &Guards<'a>, _: &Operation) -> Result<Admission<'a>, Self> {
        Ok(guards.admit_without_breaker())
    }
}

impl AdmissionError for RetryError {
    #[inline]
    fn admit<'a>(guards: &Guards<'a>, operation: &Operation) -> Result<Admission<'a>, Self> {
        guards.admit(operation)
    }
}

impl<'a, R: AdmissionError> CallGuards for Guarded<'a, R> {
    type Rejection = R;
    type InForce = Guards<'a>;
    type Admission = Admission<'a>;
    type Delay = LimiterDelay<'a>;
    type Scope = Option<RetryScope>;

    #[inline]
    fn begin(&self) -> Guards<'a> {
        self.shared().time_budget(self.time_budget)
    }

    #[inline]
    fn guards<'b>(begun: &'b Guards<'a>) -> Option<&'b Guards<'b>> {
        Some(begun)
    }

    #[inline]
    fn admit_at_once(begun: &Guards<'a>) -> Option<Admission<'a>> {
        begun.admit_at_once()
    }

    #[inline]
    fn admit(begun: &Guards<'a>, operation: &Operation) -> Result<Admission<'a>, R> {
        R::admit(begun, operation)
    }

    #[inline]
    fn delay(
        begun: &Guards<'a>,
        limits: Option<&Limits>,
        operation: &Operation,
        attempt: u32,
    ) -> LimiterDelay<'a> {
        begun.delay(limits, operation, attempt)
    }

    #[inline]
    fn scope(begun: &Guards<'a>) -> Option<RetryScope> {
        begun.scope.clone()
    }
}
