//! The guards that a [`Retry`](crate::Retry) was given: a type for each need, so that only a breaker
//! asks for an error that can hold a `RetryError`, and only a hedge for an async call.

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use super::admission::{Admission, Settle};
use super::delay::{Delay, NoDelay};
use super::{Guards, InTime};
use crate::adaptive::AdaptiveLimiter;
use crate::breaker::CircuitBreaker;
use crate::budget::RetryBudget;
use crate::error::RetryError;
use crate::hedge::{Hedge, Maker, Race};
use crate::limits::Limits;
use crate::operation::Operation;

/// No guard.
#[derive(Clone, Copy, Debug)]
pub struct NoGuard;

/// Guards; `B` is the breaker, or `()`.
#[derive(Clone, Copy, Debug)]
pub struct Guarded<'a, B = ()> {
    pub(crate) budget: Option<&'a RetryBudget>,
    pub(crate) limiter: Option<&'a AdaptiveLimiter>,
    pub(crate) time_budget: Option<Duration>,
    pub(crate) breaker: B,
}

/// Guards, and a second attempt where the first is slow.
#[derive(Clone, Copy, Debug)]
pub struct Hedging<G> {
    pub(crate) guards: G,
    pub(crate) hedge: Hedge,
}

/// Guards that more can be added to.
pub trait Extend<'a>: Sized {
    /// The breaker among them.
    type Breaker;
    /// The same, open for more.
    fn open(self) -> Guarded<'a, Self::Breaker>;
}

impl<'a> Extend<'a> for NoGuard {
    type Breaker = ();

    fn open(self) -> Guarded<'a> {
        Guarded {
            budget: None,
            limiter: None,
            time_budget: None,
            breaker: (),
        }
    }
}

impl<'a, B> Extend<'a> for Guarded<'a, B> {
    type Breaker = B;

    fn open(self) -> Self {
        self
    }
}

impl<'a, B> Guarded<'a, B> {
    pub(crate) fn with_breaker<C>(self, breaker: C) -> Guarded<'a, C> {
        Guarded {
            budget: self.budget,
            limiter: self.limiter,
            time_budget: self.time_budget,
            breaker,
        }
    }
}

/// How guards hold for one call. None of its types has a lifetime of its own: futures that hold one
/// would not be known to be `Send`.
pub trait Guard {
    /// What a rejected call leaves.
    type Rejection;
    /// The guards of one call, from its begin.
    type Begun;
    /// What an attempt was admitted with.
    type Admission: Settle;

    /// Begins a call.
    fn begin(&self) -> Self::Begun;
    /// Its guards, if there are any.
    fn guards(begun: &Self::Begun) -> Option<&Guards<'_>>;
    /// Asks for an attempt.
    ///
    /// # Errors
    ///
    /// What the breaker says, if it rejects.
    fn admit(
        begun: &Self::Begun,
        operation: &Operation,
    ) -> Result<Self::Admission, Self::Rejection>;
}

/// Guards under which one attempt follows another.
#[diagnostic::on_unimplemented(
    message = "this call cannot be hedged",
    note = "the thread of a sync call is busy with the first attempt, and an effect is to happen \
            once: remove `hedge`, or use `run_async` without a gate"
)]
pub trait Serial: Guard {}

/// Guards of an async call.
pub trait AsyncGuard: Guard {
    /// What attempts are made by.
    type Maker<M>;
    /// One attempt.
    type Attempt<M: FnMut() -> F, F: Future<Output = Result<T, E>>, T, E>: Future<
        Output = Result<T, E>,
    >;

    /// The wait for the limiter.
    type Delay: Future<Output = ()>;

    /// Waits for the limiter.
    fn delay(begun: &Self::Begun, limits: Option<&Limits>) -> Self::Delay;
    /// Takes what attempts are made by.
    fn maker<M>(make: M) -> Self::Maker<M>;
    /// Makes one.
    fn attempt<M: FnMut() -> F, F: Future<Output = Result<T, E>>, T, E>(
        &self,
        begun: &Self::Begun,
        operation: &Operation,
        make: &mut Self::Maker<M>,
    ) -> Self::Attempt<M, F, T, E>;
}

impl Guard for NoGuard {
    type Rejection = Infallible;
    type Begun = ();
    type Admission = ();

    #[inline]
    fn begin(&self) {}

    #[inline]
    fn guards((): &()) -> Option<&Guards<'_>> {
        None
    }

    #[inline]
    fn admit((): &(), _: &Operation) -> Result<(), Infallible> {
        Ok(())
    }
}

impl Serial for NoGuard {}

impl AsyncGuard for NoGuard {
    type Maker<M> = M;
    type Attempt<M: FnMut() -> F, F: Future<Output = Result<T, E>>, T, E> = F;
    type Delay = NoDelay;

    #[inline]
    fn delay((): &(), _: Option<&Limits>) -> NoDelay {
        NoDelay
    }

    #[inline]
    fn maker<M>(make: M) -> M {
        make
    }

    #[inline]
    fn attempt<M: FnMut() -> F, F: Future<Output = Result<T, E>>, T, E>(
        &self,
        (): &(),
        _: &Operation,
        make: &mut M,
    ) -> F {
        make()
    }
}

/// The breaker among guards, or none.
pub trait Breaker<'a>: Copy {
    /// What a rejected call leaves.
    type Rejection;
    /// The breaker, if there is one.
    fn breaker(self) -> Option<&'a CircuitBreaker>;
    /// Asks for an attempt.
    ///
    /// # Errors
    ///
    /// What the breaker says, if it rejects.
    fn admit(guards: &Guards<'a>, operation: &Operation) -> Result<Admission<'a>, Self::Rejection>;
}

impl<'a> Breaker<'a> for () {
    type Rejection = Infallible;

    fn breaker(self) -> Option<&'a CircuitBreaker> {
        None
    }

    #[inline]
    fn admit(guards: &Guards<'a>, _: &Operation) -> Result<Admission<'a>, Infallible> {
        Ok(guards.admission(None))
    }
}

impl<'a> Breaker<'a> for &'a CircuitBreaker {
    type Rejection = RetryError;

    #[inline]
    fn breaker(self) -> Option<&'a CircuitBreaker> {
        Some(self)
    }

    #[inline]
    fn admit(guards: &Guards<'a>, operation: &Operation) -> Result<Admission<'a>, RetryError> {
        guards.admit(operation)
    }
}

impl<'a, B: Breaker<'a>> Guard for Guarded<'a, B> {
    type Rejection = B::Rejection;
    type Begun = Guards<'a>;
    type Admission = Admission<'a>;

    #[inline]
    fn begin(&self) -> Guards<'a> {
        Guards {
            budget: self.budget,
            breaker: self.breaker.breaker(),
            limiter: self.limiter,
            scope: None,
        }
        .time_budget(self.time_budget)
    }

    #[inline]
    fn guards<'b>(begun: &'b Guards<'a>) -> Option<&'b Guards<'b>> {
        Some(begun)
    }

    #[inline]
    fn admit(begun: &Guards<'a>, operation: &Operation) -> Result<Admission<'a>, B::Rejection> {
        B::admit(begun, operation)
    }
}

impl<'a, B: Breaker<'a>> Serial for Guarded<'a, B> {}

impl<'a, B: Breaker<'a>> AsyncGuard for Guarded<'a, B> {
    type Maker<M> = M;
    type Attempt<M: FnMut() -> F, F: Future<Output = Result<T, E>>, T, E> = InTime<F>;
    type Delay = Delay<'a>;

    #[inline]
    fn delay(begun: &Guards<'a>, limits: Option<&Limits>) -> Delay<'a> {
        begun.delay(limits)
    }

    #[inline]
    fn maker<M>(make: M) -> M {
        make
    }

    #[inline]
    fn attempt<M: FnMut() -> F, F: Future<Output = Result<T, E>>, T, E>(
        &self,
        begun: &Guards<'a>,
        _: &Operation,
        make: &mut M,
    ) -> InTime<F> {
        begun.in_time(make())
    }
}

impl<G: Guard> Guard for Hedging<G> {
    type Rejection = G::Rejection;
    type Begun = G::Begun;
    type Admission = G::Admission;

    fn begin(&self) -> G::Begun {
        self.guards.begin()
    }

    fn guards(begun: &G::Begun) -> Option<&Guards<'_>> {
        G::guards(begun)
    }

    fn admit(begun: &G::Begun, operation: &Operation) -> Result<G::Admission, G::Rejection> {
        G::admit(begun, operation)
    }
}

impl<'g, B: Breaker<'g>> AsyncGuard for Hedging<Guarded<'g, B>> {
    type Maker<M> = Maker<M>;
    type Attempt<M: FnMut() -> F, F: Future<Output = Result<T, E>>, T, E> =
        InTime<Race<'g, M, F, T, E>>;
    type Delay = Delay<'g>;

    fn delay(begun: &Guards<'g>, limits: Option<&Limits>) -> Delay<'g> {
        begun.delay(limits)
    }

    fn maker<M>(make: M) -> Maker<M> {
        Maker::new(make)
    }

    fn attempt<M: FnMut() -> F, F: Future<Output = Result<T, E>>, T, E>(
        &self,
        begun: &Guards<'g>,
        operation: &Operation,
        make: &mut Maker<M>,
    ) -> InTime<Race<'g, M, F, T, E>> {
        begun.in_time(self.hedge.race((begun, operation), make.clone()))
    }
}
