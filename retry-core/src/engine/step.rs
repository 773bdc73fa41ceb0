//! The step after an attempt: the call's end, the next attempt, or a wait before it.

use std::time::Duration;

use super::deadline::Limits;
use crate::classify::failure::Failure;
use crate::classify::imprint::Imprint;
use crate::engine::call_state::CallState;
use crate::engine::plan::Plan;
use crate::guard::budget::token::Tokens;
use crate::guard::scope;
use crate::operation::Operation;
use crate::policy::retry_policy::RetryPolicy;
use crate::report::event::StopReason;

/// The step after an attempt.
pub(crate) enum NextStep<'a> {
    /// The call returns the attempt's outcome.
    Return,
    /// The next attempt follows at once.
    Again,
    /// A wait follows, and then the next attempt.
    Wait(PlannedWait<'a>),
}

impl NextStep<'_> {
    /// Returns the step of an async call, which owns its data during the wait.
    #[inline]
    pub(crate) fn into_async<R>(
        self,
        attempts: &CallState,
        outcome: &R,
        judge: impl FnOnce(&R) -> Option<Failure<'_>>,
    ) -> AsyncStep {
        match self {
            Self::Return => AsyncStep::Return,
            Self::Again => AsyncStep::Again,
            Self::Wait(PlannedWait { wait, tokens, plan }) => {
                let in_scope = scope::is_entered();
                let interrupted = in_scope
                    .then(|| InterruptedWait::new(*attempts, &plan, judge(outcome).as_ref()));
                AsyncStep::Wait(Wait {
                    wait,
                    next: attempts.number(),
                    held: (in_scope || tokens.is_some()).then(|| {
                        Box::new(WaitData {
                            interrupted,
                            tokens,
                        })
                    }),
                })
            }
        }
    }
}

/// The step after an async attempt.
#[derive(Debug)]
pub enum AsyncStep {
    /// The call returns the attempt's outcome.
    Return,
    /// The next attempt follows at once.
    Again,
    /// A wait follows, and then the next attempt.
    Wait(Wait),
}

/// An async wait that has not begun.
#[derive(Debug)]
pub struct Wait {
    pub(crate) wait: Duration,
    /// Number of the attempt after it.
    pub(crate) next: u32,
    /// Data that only some waits have.
    pub(crate) held: Option<Box<WaitData>>,
}

/// Data of an async wait in a scope, or of one that tokens were paid for.
#[derive(Debug)]
pub(crate) struct WaitData {
    /// The report if its scope ends it.
    pub(crate) interrupted: Option<InterruptedWait>,
    /// Tokens paid for it.
    pub(crate) tokens: Option<Tokens>,
}

/// The end of a bounded attempt.
#[derive(Debug)]
pub enum AttemptEnd<T, E> {
    /// By itself.
    Ended(Result<T, E>),
    /// By its own timeout: it may be tried again.
    TimedOut(Result<T, E>),
    /// By the call's time limit: the call is over.
    RanOut(Result<T, E>),
}

/// A wait to be slept.
pub(crate) struct PlannedWait<'a> {
    pub(crate) wait: Duration,
    pub(crate) tokens: Option<Tokens>,
    pub(crate) plan: Plan<'a>,
}

/// The report on a wait that is broken off: owned, as the call's own data may be out of reach by then.
#[derive(Debug)]
pub(crate) struct InterruptedWait {
    operation: Operation,
    policy: RetryPolicy,
    limits: Option<Limits>,
    attempts: CallState,
    error: Imprint,
}

impl InterruptedWait {
    /// Builds the report on the wait that follows the last failed attempt.
    pub(crate) fn new(attempts: CallState, plan: &Plan<'_>, failure: Option<&Failure<'_>>) -> Self {
        Self {
            operation: *plan.operation,
            policy: *plan.policy,
            limits: plan.limits.copied(),
            // The attempt after the wait is not made.
            attempts: CallState {
                retries: attempts.retries.saturating_sub(1),
                ..attempts
            },
            error: failure.map(Failure::imprint).unwrap_or_default(),
        }
    }

    #[cold]
    pub(crate) fn report(self, reason: &StopReason) {
        let limits = self.limits.as_ref();
        let plan = Plan {
            operation: &self.operation,
            policy: &self.policy,
            nested: None,
            limits,
            guards: None,
        };
        self.attempts.report_stop(&plan, self.error, reason);
    }
}
