//! The calls of a [`Retry`], sync and async.

use std::future::Future;

use super::attempt_loop::AttemptLoop;
use super::builder::Retry;
use super::choices::{AsyncLimits, Hook, SyncLimits};
use super::judges::Judge;
use crate::engine::deadline::IntoUserError;
use crate::engine::guards::choice::CallGuards;
use crate::engine::probed::{OutcomeOrProbe, ProbedOutcome};
use crate::policy::retry_policy::RetryPolicy;

/// Returns the loop of a [`Retry`], with `$policy` in place of its policy.
macro_rules! attempt_loop {
    ($retry:ident, $policy:ident) => {
        AttemptLoop {
            policy: $policy,
            operation: $retry.options.operation,
            nested: $retry.options.nested,
            judge: $retry.judge,
            hook: $retry.hook,
            limits: $retry.limits,
            guards: $retry.guards,
        }
    };
}

impl<J, H, L, G> Retry<J, H, L, G> {
    /// Makes the call, on this thread; waits block it.
    ///
    /// # Errors
    ///
    /// The last attempt's error, untouched, or [`RetryError`](crate::RetryError), converted by
    /// `E: From<RetryError>`, if a circuit breaker rejected the attempt.
    pub fn run<T, E>(self, attempt: impl FnMut() -> Result<T, E>) -> Result<T, E>
    where
        J: Judge<T, E>,
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
        attempt: impl FnMut() -> Result<T, E>,
        check: impl FnMut(Result<T, E>) -> ProbedOutcome<T, E>,
    ) -> Result<T, E>
    where
        J: Judge<T, E>,
        H: Hook<E>,
        L: SyncLimits,
        G: CallGuards<Rejection: IntoUserError<E>>,
    {
        // Borrowed: the policy is the largest part of a call, and would be copied.
        let policy = &self.options.policy;
        attempt_loop!(self, policy).run(attempt, check)
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
    pub fn run_async<T, E, F>(
        self,
        attempt: impl FnMut() -> F,
    ) -> impl Future<Output = Result<T, E>>
    where
        F: Future<Output = Result<T, E>>,
        J: Judge<T, E>,
        H: Hook<E>,
        L: AsyncLimits<Cut: IntoUserError<E>>,
        G: CallGuards<Rejection: IntoUserError<E>>,
    {
        self.into_loop().run_async(attempt)
    }

    /// [`run_async`](Self::run_async), with `check` on each outcome before it is judged; it also
    /// learns whether a timeout cut the attempt. For the gate, whose `check` may query the callee.
    ///
    /// # Errors
    ///
    /// As [`run_async`](Self::run_async).
    #[doc(hidden)]
    pub fn __run_async_checked<T, E, F, Q>(
        self,
        attempt: impl FnMut() -> F,
        check: impl FnMut(Result<T, E>, bool) -> OutcomeOrProbe<T, E, Q>,
    ) -> impl Future<Output = Result<T, E>>
    where
        F: Future<Output = Result<T, E>>,
        Q: Future<Output = ProbedOutcome<T, E>>,
        J: Judge<T, E>,
        H: Hook<E>,
        L: AsyncLimits<Cut: IntoUserError<E>>,
        G: CallGuards<Rejection: IntoUserError<E>>,
    {
        self.into_loop().run_async_checked(attempt, check)
    }

    /// Returns the loop of an async call, which owns its policy.
    #[inline]
    fn into_loop(self) -> AttemptLoop<RetryPolicy, J, H, L, G> {
        let policy = self.options.policy;
        attempt_loop!(self, policy)
    }
}
