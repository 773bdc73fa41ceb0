//! The calls that attributes expand to: the glue between a call's static site, its evaluated arguments,
//! the engine and the wait.

use std::future::Future;
use std::marker::PhantomData;

use super::site::Site;
use crate::classify::classification::Classify;
use crate::classify::failure::{Advice, Failure};
use crate::classify::judgement::{Judgement, Verdict};
use crate::classify::retry_error::RetryError;
use crate::engine::call_state::CallState;
use crate::engine::deadline::{IntoUserError, Limits};
use crate::engine::failed_attempt::{AsyncStep, FailedAttempt};
use crate::engine::guards::admission::{Admission, AttemptContext, OutcomeReceiver};
use crate::engine::guards::in_force::Guards;
use crate::engine::guards::limiter_delay::LimiterDelay;
use crate::engine::hedge::{AttemptFactory, Hedge, Race};
use crate::engine::nesting::thread_notes::InnerFailures;
use crate::engine::outcome_parts::OutcomeParts;
use crate::engine::pause::Carriage;
use crate::engine::plan::Plan;
use crate::engine::short_path::ShortStep;
use crate::engine::step::AttemptEnd;
use crate::policy::layer::{AttemptLimit, PolicyLayer};
use crate::policy::retry_policy::RetryPolicy;
use crate::report::retry_event::RetryEvent;

/// One call of an annotated function.
#[derive(Debug)]
pub struct AnnotatedCall<P> {
    attempts: CallState,
    policy: P,
}

/// The source of a call's policy.
pub trait PolicySource {
    /// Returns the policy of this call; `arguments` are evaluated when it is first needed.
    fn policy<'a>(
        &'a mut self,
        site: &'a Site,
        arguments: impl FnOnce() -> PolicyLayer,
    ) -> &'a RetryPolicy;
}

/// All arguments are constant: the policy comes from the site.
#[derive(Clone, Copy, Debug)]
pub struct FromSite;

impl PolicySource for FromSite {
    #[inline]
    fn policy<'a>(
        &'a mut self,
        site: &'a Site,
        _: impl FnOnce() -> PolicyLayer,
    ) -> &'a RetryPolicy {
        site.policy()
    }
}

/// Some argument is an expression: the call evaluates it at its first failure and keeps the result.
#[derive(Clone, Copy, Debug)]
pub struct Evaluated(Option<RetryPolicy>);

impl PolicySource for Evaluated {
    fn policy<'a>(
        &'a mut self,
        site: &'a Site,
        arguments: impl FnOnce() -> PolicyLayer,
    ) -> &'a RetryPolicy {
        self.0.get_or_insert_with(|| site.policy_with(&arguments()))
    }
}

impl AnnotatedCall<FromSite> {
    /// Starts a call with constant arguments.
    #[must_use]
    #[inline]
    pub fn constant() -> Self {
        Self {
            attempts: CallState::new(),
            policy: FromSite,
        }
    }
}

impl AnnotatedCall<Evaluated> {
    /// Starts a call with arguments to evaluate.
    #[must_use]
    #[inline]
    pub fn evaluated() -> Self {
        Self {
            attempts: CallState::new(),
            policy: Evaluated(None),
        }
    }
}

impl<P: PolicySource> AnnotatedCall<P> {
    /// Returns the number of the attempt that runs, from 1.
    #[must_use]
    #[inline]
    pub const fn attempt(&self) -> u32 {
        self.attempts.number()
    }

    /// Returns the slot in which the running attempt records the nested calls that gave up.
    #[inline]
    pub const fn inner_failures(&mut self) -> &mut InnerFailures {
        self.attempts.inner_failures()
    }

    /// Ends a call whose attempt succeeded.
    #[inline]
    pub fn succeeded(
        &mut self,
        place: CallPlace<'_>,
        around: AttemptContext<'_, impl OutcomeReceiver>,
        arguments: impl FnOnce() -> PolicyLayer,
    ) {
        let Self { attempts, policy } = self;
        let guards = around.guards;
        let plan = || place.plan(policy, arguments, guards);
        attempts.succeeded(place.site, around, plan);
    }

    /// Returns the step after a failed attempt of a call without guards, limits and hook.
    #[inline]
    pub fn short_step(
        &mut self,
        site: &'static Site,
        advice: Advice,
        arguments: impl FnOnce() -> PolicyLayer,
    ) -> ShortStep {
        let Self { attempts, policy } = self;
        let place = CallPlace { site, limits: None };
        attempts.short_step(advice.verdict(), || place.plan(policy, arguments, None))
    }

    /// Decides what follows a failed async attempt, and starts the wait.
    #[expect(
        clippy::too_many_arguments,
        reason = "called by the expansion alone, which has no struct of closures to name"
    )]
    #[inline]
    pub fn decide<T, E, C: Carriage<OutcomeParts<T, E>>>(
        &mut self,
        place: CallPlace<'_>,
        around: AttemptContext<'_, impl OutcomeReceiver>,
        failed: FailedAttempt<T, E>,
        arguments: impl FnOnce() -> PolicyLayer,
        show: impl FnOnce(&E) -> Failure<'_>,
        hook: impl FnOnce(RetryEvent<'_, E>),
        _carriage: PhantomData<C>,
    ) -> AsyncStep<OutcomeParts<T, E>, C> {
        let Self { attempts, policy } = self;
        let guards = around.guards;
        let plan = || place.plan(policy, arguments, guards);
        attempts.decide_async(failed, around, plan, show, hook)
    }

    /// Decides what follows a failed sync attempt, and waits. Returns the outcome if the call ends.
    #[inline]
    pub fn decide_sync<T, E>(
        &mut self,
        place: CallPlace<'_>,
        around: AttemptContext<'_, impl OutcomeReceiver>,
        failed: FailedAttempt<T, E>,
        arguments: impl FnOnce() -> PolicyLayer,
        show: impl FnOnce(&E) -> Failure<'_>,
        hook: impl FnOnce(RetryEvent<'_, E>),
    ) -> Option<OutcomeParts<T, E>> {
        let Self { attempts, policy } = self;
        let guards = around.guards;
        let plan = || place.plan(policy, arguments, guards);
        attempts.decide_sync(failed, around, plan, show, hook)
    }

    /// Ends a call whose attempt failed, but whose result the gate's probe has found.
    pub fn rescued(
        &mut self,
        place: CallPlace<'_>,
        around: AttemptContext<'_, impl OutcomeReceiver>,
        arguments: impl FnOnce() -> PolicyLayer,
        failure: Failure<'_>,
    ) {
        let Self { attempts, policy } = self;
        let plan = place.plan(policy, arguments, around.guards);
        attempts.report_rescued(&plan, around.admission, &failure);
    }

    /// Requests an attempt from the breaker, which does not admit it at once; a rejection becomes the
    /// call's error.
    ///
    /// # Errors
    ///
    /// [`RetryError::CircuitOpen`], as the function's own error.
    #[cold]
    #[inline(never)]
    pub fn admit<'g, E>(
        &mut self,
        place: CallPlace<'_>,
        guards: &'g Guards<'g>,
        arguments: impl FnOnce() -> PolicyLayer,
    ) -> Result<Admission<'g>, E>
    where
        RetryError: IntoUserError<E>,
    {
        guards.admit(&place.site.operation).map_err(|rejection| {
            let Self { attempts, policy } = self;
            attempts.rejected(rejection, || place.plan(policy, arguments, Some(guards)))
        })
    }

    /// Returns the future in which an async call waits for its limiter.
    #[inline]
    pub fn delay<'g>(&self, place: CallPlace<'_>, guards: &Guards<'g>) -> LimiterDelay<'g> {
        let operation = &place.site.operation;
        guards.delay(place.limits, operation, self.attempts.number())
    }

    /// Returns the end of a bounded attempt: by itself, or cut by a limit.
    pub fn attempt_end<T, E>(
        &mut self,
        place: CallPlace<'_>,
        bounded: Result<Result<T, E>, RetryError>,
        arguments: impl FnOnce() -> PolicyLayer,
    ) -> AttemptEnd<T, E>
    where
        RetryError: IntoUserError<E>,
    {
        let Self { attempts, policy } = self;
        attempts.attempt_end(bounded, || place.plan(policy, arguments, None))
    }
}

impl Site {
    /// Waits for the limiter, as a sync call does.
    pub fn wait_for_limiter(&self, guards: &Guards<'_>) {
        guards.wait_for_limiter(&self.operation);
    }
}

/// The place of a call: the site of its function, and the limits that the call has started.
#[derive(Clone, Copy, Debug)]
pub struct CallPlace<'a> {
    /// The site.
    pub site: &'static Site,
    /// The limits, if the call has any.
    pub limits: Option<&'a Limits>,
}

impl<'a> CallPlace<'a> {
    #[inline]
    fn plan(
        self,
        policy: &'a mut impl PolicySource,
        arguments: impl FnOnce() -> PolicyLayer,
        guards: Option<&'a Guards<'a>>,
    ) -> Plan<'a> {
        let Self { site, limits } = self;
        Plan {
            operation: &site.operation,
            policy: policy.policy(site, arguments),
            nested: site.nested,
            limits,
            guards,
        }
    }
}

/// An integer type, for a number of attempts.
#[diagnostic::on_unimplemented(
    message = "`max_attempts` takes a whole number, and `{Self}` is none",
    label = "not an integer"
)]
pub trait Integer: TryInto<i128> {}

macro_rules! integers {
    ($($integer:ty),*) => {$(impl Integer for $integer {})*};
}
integers!(
    u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize
);

/// Returns the limit of `max_attempts = expr`, of any integer type.
#[must_use]
pub fn attempt_limit(value: impl Integer) -> AttemptLimit {
    // Only an unsigned 128-bit number can be too large for this: it then counts as the largest.
    let value = value.try_into().unwrap_or(i128::MAX).max(0);
    AttemptLimit::Count(u32::try_from(value).unwrap_or(u32::MAX))
}

/// Returns the verdict of `retry_if`, which gives a `bool` or a verdict.
#[inline]
pub fn verdict_by<E: ?Sized, V: Into<Verdict>>(
    error: &E,
    predicate: impl FnOnce(&E) -> V,
) -> Verdict {
    predicate(error).into()
}

/// Whether a predicate (`retry_on_ok`, `not_applied_if`) holds for a value.
#[inline]
pub fn holds<T: ?Sized>(value: &T, predicate: impl FnOnce(&T) -> bool) -> bool {
    predicate(value)
}

/// Returns the failure of an error whose type is a parameter of the function, bounded by
/// [`Classify`].
#[inline]
pub fn classified<E: Classify>(error: &E) -> Failure<'_> {
    Failure::classified(error)
}

/// Returns the failure of an attempt that its own timeout may have cut.
#[must_use]
#[inline]
pub fn unless_timed_out(failure: Failure<'_>, timed_out: bool) -> Failure<'_> {
    failure.timed_out(timed_out)
}

/// Makes one attempt, hedged; `make` makes each of its copies.
pub fn race<'g, M, F, T, E, S>(
    site: &'static Site,
    guards: &Guards<'g>,
    hedge: Hedge,
    is_final: S,
    make: M,
) -> Race<'g, M, F, T, E, S>
where
    M: FnMut() -> F,
    F: Future<Output = Result<T, E>>,
    S: Fn(&Result<T, E>) -> bool,
{
    let maker = AttemptFactory::new(make);
    hedge.race(guards, &site.operation, maker, is_final)
}

/// Returns `predicate`; the bound infers its parameter, an outcome of type `R`.
#[inline]
pub fn on_outcome<R, S: Fn(&R) -> bool>(predicate: S) -> S {
    predicate
}

/// Returns the judgement of `judge`, which gives one, or the advice alone: a verdict or a `bool`.
#[inline]
pub fn judgement_by<R, V: Into<Judgement>>(outcome: &R, judge: impl FnOnce(&R) -> V) -> Judgement {
    judge(outcome).into()
}
