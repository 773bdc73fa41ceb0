//! The loop around the engine that makes a [`Retry`]'s call, sync and async.

use std::future::Future;
use std::marker::PhantomData;

use super::builder::Retry;
use super::choices::{Accept, AsyncLimits, Hook, Judge, SyncLimits};
use crate::classify::failure::Failure;
use crate::engine::call_state::CallState;
use crate::engine::deadline::{BoundedAttempt, IntoUserError, Limits};
use crate::engine::guards::admission::{AttemptContext, OutcomeReceiver};
use crate::engine::guards::choice::CallGuards;
use crate::engine::guards::in_force::Guards;
use crate::engine::nesting::attempt::attempt_async;
use crate::engine::nesting::attempt::attempt_sync;
use crate::engine::pause::{Carriage, Carried};
use crate::engine::plan::Plan;
use crate::engine::probed::{OutcomeOrProbe, ProbedOutcome};
use crate::engine::step::{AsyncStep, AttemptEnd, NextStep};
use crate::guard::scope::InTimeBudget;

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
                let admission = match G::admit(&guards, &$call.options.operation) {
                    Ok(admission) => admission,
                    Err(rejection) => {
                        let plan = || $call.plan(L::limits(&limits), G::guards(&guards));
                        return Err(attempts.rejected(rejection, plan));
                    }
                };
                let (operation, next) = (&$call.options.operation, attempts.number());
                let in_time = G::delay(&guards, L::limits(&limits), operation, next).await;
                let admission = if in_time {
                    admission
                } else {
                    admission.given_back()
                };
                // The parts of the attempt's future are gone before it is awaited, so that the call's
                // future does not keep them.
                let bounded = {
                    let operation = &$call.options.operation;
                    let (name, number) = (|| operation.name(), attempts.number());
                    let future = InTimeBudget::new(G::scope(&guards), $attempt());
                    let future = attempt_async(attempts.inner_failures(), future);
                    BoundedAttempt::new(L::bound(&limits, name, number), future)
                };
                let bounded = bounded.await;
                let pause = {
                    let plan = || $call.plan(L::limits(&limits), G::guards(&guards));
                    let ($outcome, $timed_out) = match attempts.attempt_end(bounded, plan) {
                        AttemptEnd::Ended(outcome) => (outcome, false),
                        AttemptEnd::TimedOut(outcome) => (outcome, true),
                        AttemptEnd::RanOut(outcome) => {
                            admission.cut();
                            return outcome;
                        }
                    };
                    let outcome = match $probed {
                        ProbedOutcome::Ended(outcome) => outcome,
                        ProbedOutcome::Rescued { value, lost } => {
                            let failure = $call.judge.failure(&lost).timed_out($timed_out);
                            attempts.report_rescued(&plan(), admission, &failure);
                            return Ok(value);
                        }
                    };
                    let next = attempts.decide(
                        &$call.options.operation,
                        &outcome,
                        AttemptContext { guards: G::guards(&guards), admission, is_hooked: H::IS_ONE },
                        plan,
                        |outcome| $call.judged(outcome, $timed_out),
                        |event| $call.hook.call(event),
                    );
                    match next.into_async(&attempts, &outcome, |outcome| {
                        $call.judged(outcome, $timed_out)
                    }) {
                        AsyncStep::Return => return outcome,
                        AsyncStep::Again => continue,
                        AsyncStep::Wait(wait) => {
                            wait.pause(outcome, PhantomData::<Carried<Result<T, E>>>)
                        }
                    }
                };
                if let Some(carried) = pause.await {
                    return carried.unload();
                }
            }
        }
    };
}

impl<J, A, H, L, G> Retry<J, A, H, L, G> {
    /// Makes the call, on this thread; waits block it.
    ///
    /// # Errors
    ///
    /// The last attempt's error, untouched, or [`RetryError`](crate::RetryError), converted by
    /// `E: From<RetryError>`, if a circuit breaker rejected the attempt.
    pub fn run<T, E>(self, attempt: impl FnMut() -> Result<T, E>) -> Result<T, E>
    where
        J: Judge<E>,
        A: Accept<T>,
        H: Hook<E>,
        L: SyncLimits,
        G: CallGuards<Rejection: IntoUserError<E>>,
    {
        self.__run_checked(attempt, ProbedOutcome::Ended)
    }

    /// [`run`](Self::run), with `check` on each outcome before it is judged. For the gate, whose
    /// `check` may query the callee.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    #[doc(hidden)]
    pub fn __run_checked<T, E>(
        self,
        mut attempt: impl FnMut() -> Result<T, E>,
        mut check: impl FnMut(Result<T, E>) -> ProbedOutcome<T, E>,
    ) -> Result<T, E>
    where
        J: Judge<E>,
        A: Accept<T>,
        H: Hook<E>,
        L: SyncLimits,
        G: CallGuards<Rejection: IntoUserError<E>>,
    {
        let limits = self.limits.start();
        let guards = self.guards.begin();
        let operation = &self.options.operation;
        let mut attempts = CallState::new();
        loop {
            let plan = || self.plan(L::limits(&limits), G::guards(&guards));
            let admission = match G::admit(&guards, operation) {
                Ok(admission) => admission,
                Err(rejection) => return Err(attempts.rejected(rejection, plan)),
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
            let outcome = match check(outcome) {
                ProbedOutcome::Ended(outcome) => outcome,
                ProbedOutcome::Rescued { value, lost } => {
                    attempts.report_rescued(&plan(), admission, &self.judge.failure(&lost));
                    return Ok(value);
                }
            };
            if A::ANY
                && G::Admission::IGNORES_ALL
                && outcome.is_ok()
                && attempts.success_needs_no_report()
            {
                return outcome;
            }
            let next = attempts.decide(
                operation,
                &outcome,
                AttemptContext {
                    guards: G::guards(&guards),
                    admission,
                    is_hooked: H::IS_ONE,
                },
                plan,
                |outcome| self.failure(outcome),
                |event| self.hook.call(event),
            );
            let again = match next {
                NextStep::Return => false,
                NextStep::Again => true,
                NextStep::Wait(waiting) => {
                    attempts.sleep(waiting, &outcome, |outcome| self.failure(outcome))
                }
            };
            if !again {
                return outcome;
            }
        }
    }

    /// Makes the call; waits on tokio's clock.
    ///
    /// The future is `Send` if the closure, its futures and their outcome are. Dropping it at any
    /// await leaves nothing held.
    ///
    /// # Errors
    ///
    /// The last attempt's error, untouched, or [`RetryError`](crate::RetryError), converted by
    /// `E: From<RetryError>`, if a limit was set and ran out, or a circuit breaker rejected the attempt.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with time enabled, when it first waits.
    #[expect(
        clippy::manual_async_fn,
        reason = "an `async fn` would hold its arguments twice"
    )]
    pub fn run_async<T, E, F>(
        self,
        mut attempt: impl FnMut() -> F,
    ) -> impl Future<Output = Result<T, E>>
    where
        F: Future<Output = Result<T, E>>,
        J: Judge<E>,
        A: Accept<T>,
        H: Hook<E>,
        L: AsyncLimits<Cut: IntoUserError<E>>,
        G: CallGuards<Rejection: IntoUserError<E>>,
    {
        async_loop!(self, attempt, |outcome, timed_out| ProbedOutcome::Ended(
            outcome
        ))
    }

    /// [`run_async`](Self::run_async), with `check` on each outcome before it is judged; it also
    /// learns whether a timeout cut the attempt. For the gate, whose `check` may query the callee.
    ///
    /// # Errors
    ///
    /// As [`run_async`](Self::run_async).
    #[doc(hidden)]
    #[expect(
        clippy::manual_async_fn,
        reason = "an `async fn` would hold its arguments twice"
    )]
    pub fn __run_async_checked<T, E, F, Q>(
        self,
        mut attempt: impl FnMut() -> F,
        mut check: impl FnMut(Result<T, E>, bool) -> OutcomeOrProbe<T, E, Q>,
    ) -> impl Future<Output = Result<T, E>>
    where
        F: Future<Output = Result<T, E>>,
        Q: Future<Output = ProbedOutcome<T, E>>,
        J: Judge<E>,
        A: Accept<T>,
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
    fn judged<'a, T, E>(&self, outcome: &'a Result<T, E>, timed_out: bool) -> Option<Failure<'a>>
    where
        J: Judge<E>,
        A: Accept<T>,
    {
        self.failure(outcome)
            .map(|failure| failure.timed_out(timed_out))
    }

    #[inline]
    fn failure<'a, T, E>(&self, outcome: &'a Result<T, E>) -> Option<Failure<'a>>
    where
        J: Judge<E>,
        A: Accept<T>,
    {
        match outcome {
            Ok(value) => self.accept.is_refused(value).then(Failure::unaccepted),
            Err(error) => Some(self.judge.failure(error)),
        }
    }

    #[inline]
    fn plan<'a>(&'a self, limits: Option<&'a Limits>, guards: Option<&'a Guards<'a>>) -> Plan<'a> {
        Plan {
            operation: &self.options.operation,
            policy: &self.options.policy,
            nested: self.options.nested,
            limits,
            guards,
        }
    }
}
