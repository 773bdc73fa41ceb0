//! The end of an attempt, and the wait that may follow it.

use std::time::Duration;

use super::deadline::Limits;
use crate::classify::failure::Failure;
use crate::classify::imprint::Imprint;
use crate::engine::call_state::CallState;
use crate::engine::plan::Plan;
use crate::guard::budget::token::Tokens;
use crate::operation::Operation;
use crate::policy::retry_policy::RetryPolicy;
use crate::report::event::StopReason;

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
    pub(crate) fn new(attempts: CallState, plan: &Plan<'_>, failure: &Failure<'_>) -> Self {
        Self {
            operation: *plan.operation,
            policy: *plan.policy,
            limits: plan.limits.copied(),
            // The attempt after the wait is not made.
            attempts: CallState {
                retries: attempts.retries.saturating_sub(1),
                ..attempts
            },
            error: failure.imprint(),
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
