//! The long path after a failed attempt: decision, hook and wait, out of line. The outcome moves there
//! and back: on the short path, which never needs its address, it stays in registers.

use super::call_state::CallState;
use super::deadline::Limits;
use super::guards::admission::{AttemptContext, OutcomeReceiver};
use super::outcome_parts::OutcomeParts;
use super::pause::{Carriage, Pause};
use super::plan::Plan;
use super::sleep;
use super::step::{InterruptedWait, PlannedWait};
use crate::classify::failure::{Advice, Failure};
use crate::classify::judgement::Judgement;
use crate::guard::scope;
use crate::report::event;
use crate::report::event::StopReason;
use crate::report::retry_event::RetryEvent;

/// A failed attempt: an error, or a value that was not accepted.
#[derive(Debug)]
pub struct FailedAttempt<T, E> {
    /// The attempt's outcome.
    pub outcome: OutcomeParts<T, E>,
    /// Its judgement.
    pub advice: Advice,
}

impl<T, E> FailedAttempt<T, E> {
    /// Returns the failure; `show` makes an unjudged one of the error.
    fn failure<'a>(&'a self, show: impl FnOnce(&'a E) -> Failure<'a>) -> Failure<'a> {
        let failure = match &self.outcome {
            OutcomeParts::Value(_) => Failure::unaccepted(Judgement::retry()),
            OutcomeParts::Error(error) => show(error),
        };
        failure.advised(self.advice)
    }
}

/// The step after a failed async attempt.
#[derive(Debug)]
pub enum AsyncStep<R, C> {
    /// The call returns this outcome.
    Return(R),
    /// A wait follows, and then the next attempt.
    Wait(Pause<C>),
}

impl CallState {
    /// Decides what follows a failed async attempt, and starts the wait.
    #[cold]
    #[inline(never)]
    pub(crate) fn decide_async<'p, T, E, C: Carriage<OutcomeParts<T, E>>>(
        &mut self,
        failed: FailedAttempt<T, E>,
        context: AttemptContext<'p, impl OutcomeReceiver>,
        plan: impl FnOnce() -> Plan<'p>,
        show: impl FnOnce(&E) -> Failure<'_>,
        hook: impl FnOnce(RetryEvent<'_, E>),
    ) -> AsyncStep<OutcomeParts<T, E>, C> {
        let failure = failed.failure(show);
        let error = failed.outcome.error();
        let Some(planned) = self.decide(context, plan(), &failure, error, hook) else {
            return AsyncStep::Return(failed.outcome);
        };
        let PlannedWait { wait, tokens, plan } = planned;
        let interrupted = scope::is_entered().then(|| InterruptedWait::new(*self, &plan, &failure));
        let next = self.number();
        AsyncStep::Wait(Pause::new(wait, next, tokens, interrupted, failed.outcome))
    }

    /// Decides what follows a failed sync attempt, and waits. Returns the outcome if the call ends: by
    /// the decision, or because the wait was cancelled or left no time for another attempt.
    #[cold]
    #[inline(never)]
    pub(crate) fn decide_sync<'p, T, E>(
        &mut self,
        failed: FailedAttempt<T, E>,
        context: AttemptContext<'p, impl OutcomeReceiver>,
        plan: impl FnOnce() -> Plan<'p>,
        show: impl FnOnce(&E) -> Failure<'_>,
        hook: impl FnOnce(RetryEvent<'_, E>),
    ) -> Option<OutcomeParts<T, E>> {
        let failure = failed.failure(show);
        let error = failed.outcome.error();
        let Some(planned) = self.decide(context, plan(), &failure, error, hook) else {
            return Some(failed.outcome);
        };
        if self.sleep(planned, &failure) {
            return None;
        }
        Some(failed.outcome)
    }

    /// Waits as a sync call does. Returns whether another attempt follows.
    fn sleep(
        &self,
        PlannedWait { wait, tokens, plan }: PlannedWait<'_>,
        failure: &Failure<'_>,
    ) -> bool {
        let cancelled = sleep::sleep(wait, || event::blocking(plan.operation));
        let reason = if cancelled {
            StopReason::Cancelled
        } else if plan
            .limits
            .and_then(Limits::left)
            .is_some_and(|left| left.is_zero())
        {
            StopReason::TimeLimit
        } else {
            if let Some(tokens) = tokens {
                tokens.spend();
            }
            return true;
        };
        InterruptedWait::new(*self, &plan, failure).report(&reason);
        false
    }
}
