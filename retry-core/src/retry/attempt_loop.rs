//! [`AttemptLoop`]: the loop around the engine that makes a call without an attribute, sync and async.

use std::borrow::Borrow;
use std::future::Future;

use super::choices::{AsyncLimits, Hook, SyncLimits};
use super::judges::Judge;
use crate::engine::call_state::CallState;
use crate::engine::deadline::{BoundedAttempt, IntoUserError, Limits};
use crate::engine::failed_attempt::{AsyncStep, FailedAttempt};
use crate::engine::guards::admission::{AttemptContext, OutcomeReceiver};
use crate::engine::guards::choice::CallGuards;
use crate::engine::guards::in_force::Guards;
use crate::engine::nesting::attempt::attempt_async;
use crate::engine::nesting::attempt::attempt_sync;
use crate::engine::outcome_parts::OutcomeParts;
use crate::engine::pause::{Carriage, Carried};
use crate::engine::plan::Plan;
use crate::engine::probed::{OutcomeOrProbe, ProbedOutcome};
use crate::engine::short_path::ShortStep;
use crate::engine::step::AttemptEnd;
use crate::guard::scope::InTimeBudget;
use crate::operation::Operation;
use crate::policy::nested::Nested;
use crate::policy::retry_policy::RetryPolicy;

/// The options of a call. `P` is its policy, or a reference to one.
pub(super) struct AttemptLoop<P, J, H, L, G> {
    pub(super) policy: P,
    pub(super) operation: Operation,
    pub(super) nested: Option<Nested>,
    pub(super) judge: J,
    pub(super) hook: H,
    pub(super) limits: L,
    pub(super) guards: G,
}

/// The loop of an async call. `$probed` turns an outcome into the one to judge. It is expanded into
/// the loop and is no function, because a call without a query must not keep its outcome across an
/// await.
macro_rules! async_loop {
    ($call:ident, $attempt:ident, |$outcome:ident, $timed_out:ident| $probed:expr) => {
        async move {
            let limits = $call.limits.start();
            let guards = $call.guards.begin();
            let mut attempts = CallState::new();
            loop {
                let mut admission = match G::admit_at_once(&guards) {
                    Some(admission) => admission,
                    None => match G::admit(&guards, &$call.operation) {
                        Ok(admission) => admission,
                        Err(rejection) => {
                            let plan = || $call.plan(L::limits(&limits), G::guards(&guards));
                            return Err(attempts.rejected(rejection, plan));
                        }
                    },
                };
                let (operation, next) = (&$call.operation, attempts.number());
                if !G::delay(&guards, L::limits(&limits), operation, next).await {
                    admission = admission.given_back();
                }
                // The parts of the attempt's future are gone before it is awaited, so that the call's
                // future does not keep them.
                let bounded = {
                    let operation = &$call.operation;
                    let (name, number) = (|| operation.name(), attempts.number());
                    let future = InTimeBudget::new(G::scope(&guards), $attempt());
                    let future = attempt_async(attempts.inner_failures(), future, OutcomeParts::of);
                    BoundedAttempt::new(L::bound(&limits, name, number), future)
                };
                let bounded = bounded.await;
                let pause = {
                    // A closure for each use: one for all would be built in memory on the short path.
                    macro_rules! plan {
                        () => {
                            || $call.plan(L::limits(&limits), G::guards(&guards))
                        };
                    }
                    let ended = attempts.attempt_end(bounded.map(Result::from), plan!());
                    let ($outcome, $timed_out) = match ended {
                        AttemptEnd::Ended(outcome) => (outcome, false),
                        AttemptEnd::TimedOut(outcome) => (outcome, true),
                        AttemptEnd::RanOut(outcome) => {
                            admission.cut();
                            return outcome;
                        }
                    };
                    let around = AttemptContext { guards: G::guards(&guards), admission };
                    let outcome = match $probed {
                        ProbedOutcome::Ended(outcome) => outcome,
                        ProbedOutcome::Rescued { value, lost } => {
                            let failure = $call.judge.failure_of(&lost, $timed_out);
                            attempts.report_rescued(&plan!()(), around.admission, &failure);
                            return Ok(value);
                        }
                    };
                    let judged = $call.judge.judge(&outcome);
                    let failed = match (outcome, judged) {
                        (Ok(value), None) => {
                            attempts.succeeded(&$call.operation, around, plan!());
                            return Ok(value);
                        }
                        (Ok(value), Some(judgement)) if judgement.refuses_ok() => FailedAttempt {
                            outcome: OutcomeParts::Value(value),
                            advice: $call.judge.unaccepted(judgement).advice(),
                        },
                        (Ok(value), Some(judgement)) => {
                            let around = around.accepted_as(judgement);
                            attempts.succeeded(&$call.operation, around, plan!());
                            return Ok(value);
                        }
                        (Err(error), judged) => {
                            let failure = $call.judge.failure_as(&error, judged, $timed_out);
                            let advice = failure.advice();
                            if !H::IS_ONE && G::Admission::IGNORES_ALL && L::limits(&limits).is_none() {
                                match attempts.short_step(advice.verdict(), plan!()) {
                                    ShortStep::Again => continue,
                                    ShortStep::Return => return Err(error),
                                    ShortStep::Undecided => {}
                                }
                            }
                            FailedAttempt { outcome: OutcomeParts::Error(error), advice }
                        }
                    };
                    match attempts.decide_async::<_, _, Carried<_>>(
                        failed,
                        around,
                        plan!(),
                        |error| $call.judge.shown(error).timed_out($timed_out),
                        |event| $call.hook.call(event),
                    ) {
                        AsyncStep::Return(outcome) => return outcome.into(),
                        AsyncStep::Wait(pause) => pause,
                    }
                };
                if let Some(carried) = pause.await {
                    return carried.unload().into();
                }
            }
        }
    };
}

impl<P: Borrow<RetryPolicy>, J, H, L, G> AttemptLoop<P, J, H, L, G> {
    /// Makes a sync call, with `check` on each outcome before it is judged.
    #[inline]
    pub(super) fn run<T, E>(
        self,
        mut attempt: impl FnMut() -> Result<T, E>,
        mut check: impl FnMut(Result<T, E>) -> ProbedOutcome<T, E>,
    ) -> Result<T, E>
    where
        J: Judge<T, E>,
        H: Hook<E>,
        L: SyncLimits,
        G: CallGuards<Rejection: IntoUserError<E>>,
    {
        let limits = self.limits.start();
        let guards = self.guards.begin();
        let operation = &self.operation;
        let mut attempts = CallState::new();
        loop {
            let plan = || self.plan(L::limits(&limits), G::guards(&guards));
            let admission = match G::admit_at_once(&guards) {
                Some(admission) => admission,
                None => match G::admit(&guards, operation) {
                    Ok(admission) => admission,
                    Err(rejection) => return Err(attempts.rejected(rejection, plan)),
                },
            };
            let outcome = match G::guards(&guards) {
                None => attempt_sync(attempts.inner_failures(), &mut attempt),
                Some(guards) => {
                    guards.wait_for_limiter(operation);
                    attempt_sync(attempts.inner_failures(), || {
                        guards.in_time_sync(&mut attempt)
                    })
                }
            };
            let around = AttemptContext {
                guards: G::guards(&guards),
                admission,
            };
            let outcome = match check(outcome) {
                ProbedOutcome::Ended(outcome) => outcome,
                ProbedOutcome::Rescued { value, lost } => {
                    let failure = self.judge.failure_of(&lost, false);
                    attempts.report_rescued(&plan(), around.admission, &failure);
                    return Ok(value);
                }
            };
            let judged = self.judge.judge(&outcome);
            let failed = match (outcome, judged) {
                (Ok(value), None) => {
                    attempts.succeeded(operation, around, plan);
                    return Ok(value);
                }
                (Ok(value), Some(judgement)) if judgement.refuses_ok() => FailedAttempt {
                    outcome: OutcomeParts::Value(value),
                    advice: self.judge.unaccepted(judgement).advice(),
                },
                (Ok(value), Some(judgement)) => {
                    attempts.succeeded(operation, around.accepted_as(judgement), plan);
                    return Ok(value);
                }
                (Err(error), judged) => {
                    let advice = self.judge.failure_as(&error, judged, false).advice();
                    if !H::IS_ONE && G::Admission::IGNORES_ALL && L::limits(&limits).is_none() {
                        match attempts.short_step(advice.verdict(), plan) {
                            ShortStep::Again => continue,
                            ShortStep::Return => return Err(error),
                            ShortStep::Undecided => {}
                        }
                    }
                    FailedAttempt {
                        outcome: OutcomeParts::Error(error),
                        advice,
                    }
                }
            };
            let ended = attempts.decide_sync(
                failed,
                around,
                plan,
                |error| self.judge.shown(error),
                |event| self.hook.call(event),
            );
            if let Some(outcome) = ended {
                return outcome.into();
            }
        }
    }

    /// Makes an async call.
    #[expect(
        clippy::manual_async_fn,
        reason = "an `async fn` would hold its arguments twice"
    )]
    pub(super) fn run_async<T, E, F>(
        self,
        mut attempt: impl FnMut() -> F,
    ) -> impl Future<Output = Result<T, E>>
    where
        F: Future<Output = Result<T, E>>,
        J: Judge<T, E>,
        H: Hook<E>,
        L: AsyncLimits<Cut: IntoUserError<E>>,
        G: CallGuards<Rejection: IntoUserError<E>>,
    {
        async_loop!(self, attempt, |outcome, timed_out| ProbedOutcome::Ended(
            outcome
        ))
    }

    /// Makes an async call, with `check` on each outcome before it is judged; it also learns whether a
    /// timeout cut the attempt.
    #[expect(
        clippy::manual_async_fn,
        reason = "an `async fn` would hold its arguments twice"
    )]
    pub(super) fn run_async_checked<T, E, F, Q>(
        self,
        mut attempt: impl FnMut() -> F,
        mut check: impl FnMut(Result<T, E>, bool) -> OutcomeOrProbe<T, E, Q>,
    ) -> impl Future<Output = Result<T, E>>
    where
        F: Future<Output = Result<T, E>>,
        Q: Future<Output = ProbedOutcome<T, E>>,
        J: Judge<T, E>,
        H: Hook<E>,
        L: AsyncLimits<Cut: IntoUserError<E>>,
        G: CallGuards<Rejection: IntoUserError<E>>,
    {
        async_loop!(self, attempt, |outcome, timed_out| {
            match check(outcome, timed_out) {
                OutcomeOrProbe::Ended(outcome) => ProbedOutcome::Ended(outcome),
                OutcomeOrProbe::Probe(question) => question.await,
            }
        })
    }

    #[inline]
    fn plan<'a>(&'a self, limits: Option<&'a Limits>, guards: Option<&'a Guards<'a>>) -> Plan<'a> {
        Plan {
            operation: &self.operation,
            policy: self.policy.borrow(),
            nested: self.nested,
            limits,
            guards,
        }
    }
}
