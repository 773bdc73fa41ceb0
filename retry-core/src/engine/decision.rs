//! The step after an attempt: the call's end, the next attempt, or a wait before it.

use std::time::Duration;

use super::deadline::Limits;
use crate::classify::failure::Failure;
use crate::classify::imprint::Imprint;
use crate::engine::plan::Attempts;
use crate::engine::plan::Plan;
use crate::guard::budget::token::Tokens;
use crate::guard::scope;
use crate::operation::Operation;
use crate::policy::retry_policy::RetryPolicy;
use crate::report::event::Reason;

/// The step after an attempt.
pub(crate) enum Next<'a> {
    /// The call returns the attempt's outcome.
    Return,
    /// The next attempt follows at once.
    Again,
    /// A wait follows, and then the next attempt.
    Wait(Waiting<'a>),
}

impl Next<'_> {
    /// Returns the step of an async call, which owns its data during the wait.
    #[inline]
    pub(crate) fn step<R>(
        self,
        attempts: &Attempts,
        outcome: &R,
        judge: impl FnOnce(&R) -> Option<Failure<'_>>,
    ) -> Step {
        match self {
            Self::Return => Step::Return,
            Self::Again => Step::Again,
            Self::Wait(Waiting { wait, tokens, plan }) => {
                let in_scope = scope::is_entered();
                let interrupted =
                    in_scope.then(|| Interrupted::new(*attempts, &plan, judge(outcome).as_ref()));
                Step::Wait(Wait {
                    wait,
                    next: attempts.number(),
                    held: (in_scope || tokens.is_some()).then(|| {
                        Box::new(WhileWaiting {
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
pub enum Step {
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
    pub(crate) held: Option<Box<WhileWaiting>>,
}

/// Data of an async wait in a scope, or of one that tokens were paid for.
#[derive(Debug)]
pub(crate) struct WhileWaiting {
    /// The report if its scope ends it.
    pub(crate) interrupted: Option<Interrupted>,
    /// Tokens paid for it.
    pub(crate) tokens: Option<Tokens>,
}

/// The end of a bounded attempt.
#[derive(Debug)]
pub enum Bounds<T, E> {
    /// By itself.
    Ended(Result<T, E>),
    /// By its own timeout: it may be tried again.
    TimedOut(Result<T, E>),
    /// By the call's time limit: the call is over.
    RanOut(Result<T, E>),
}

/// A wait to be slept.
pub(crate) struct Waiting<'a> {
    pub(crate) wait: Duration,
    pub(crate) tokens: Option<Tokens>,
    pub(crate) plan: Plan<'a>,
}

/// The report on a wait that is broken off: owned, as the call's own data may be out of reach by then.
#[derive(Debug)]
pub(crate) struct Interrupted {
    operation: Operation,
    policy: RetryPolicy,
    limits: Option<Limits>,
    attempts: Attempts,
    error: Imprint,
}

impl Interrupted {
    /// Builds the report on the wait that follows the last failed attempt.
    pub(crate) fn new(attempts: Attempts, plan: &Plan<'_>, failure: Option<&Failure<'_>>) -> Self {
        Self {
            operation: *plan.operation,
            policy: *plan.policy,
            limits: plan.limits.copied(),
            // The attempt after the wait is not made.
            attempts: Attempts {
                retries: attempts.retries.saturating_sub(1),
                ..attempts
            },
            error: failure.map(Failure::imprint).unwrap_or_default(),
        }
    }

    #[cold]
    pub(crate) fn report(self, reason: &Reason) {
        let limits = self.limits.as_ref();
        let plan = Plan {
            operation: &self.operation,
            policy: &self.policy,
            nested: None,
            limits,
            guards: None,
        };
        self.attempts.stopped(&plan, self.error, reason);
    }
}
