//! How a call ends, and who is told: the subscriber, the statistics, an enclosing call.

use std::time::Duration;

use super::attempts::{Attempts, Plan};
use super::deadline::Limits;
use super::guards::in_force;
use super::guards::in_force::Guards;
use super::nesting;
use super::nesting::GaveUp;
use super::unknown_effect;
use crate::classify::failure::{Failure, text_of};
use crate::classify::imprint::Imprint;
use crate::clock::Moment;
use crate::report::counters::Ended;
use crate::report::event;
use crate::report::event::{At, Reason};
use crate::report::metrics;
use crate::report::stats;

/// Why a call ends without success.
pub(super) enum End {
    NotRetryable,
    /// It may have taken effect, and it must not do so twice.
    Unknown,
    Exhausted,
    Stopped(Reason),
}

/// How a call ended, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    SuccessFirst,
    SuccessRetried,
    NotRetryable,
    AttemptsExhausted,
    /// There was no time left, or less than a server asked for.
    Deadline,
    /// Retries may cost no more: tokens, or time.
    Budget,
    CircuitOpen,
    Cancelled,
}

impl Outcome {
    pub(crate) const fn is_success(self) -> bool {
        matches!(self, Self::SuccessFirst | Self::SuccessRetried)
    }

    const fn of(end: &End) -> Self {
        match end {
            End::NotRetryable | End::Unknown => Self::NotRetryable,
            End::Exhausted => Self::AttemptsExhausted,
            End::Stopped(reason) => Self::of_stop(reason),
        }
    }

    const fn of_stop(reason: &Reason) -> Self {
        match reason {
            Reason::TimeLimit | Reason::ServerHint => Self::Deadline,
            Reason::Cancelled => Self::Cancelled,
            Reason::Budget | Reason::TimeBudget => Self::Budget,
            Reason::CircuitOpen => Self::CircuitOpen,
            // The inner call has used up the attempts that there were.
            Reason::Nested(_) => Self::AttemptsExhausted,
        }
    }
}

impl Attempts {
    pub(super) fn at<'a>(&self, plan: &Plan<'a>) -> At<'a> {
        let since_failure = || self.failed.map_or(Duration::ZERO, Moment::elapsed);
        At {
            operation: plan.operation,
            policy: plan.policy,
            attempt: self.number(),
            elapsed: plan.limits.map_or_else(since_failure, Limits::elapsed),
        }
    }

    /// The call failed; `carried` are the calls inside its last attempt that it failed of.
    #[cold]
    pub(super) fn ended(
        &self,
        plan: &Plan<'_>,
        failure: &Failure<'_>,
        end: End,
        carried: Vec<GaveUp>,
    ) {
        let (at, error) = (self.at(plan), failure.description());
        let outermost = !nesting::is_inside();
        match &end {
            End::Exhausted => event::exhausted(at, error, "exhausted", !outermost),
            End::NotRetryable => event::not_retried(at, error, false),
            End::Unknown => event::not_retried(at, error, true),
            End::Stopped(reason) => event::stopped(at, &error, reason),
        }
        // An inner call gave up in a WARN, as it was inside: the one ERROR is the outermost call's.
        if outermost && !carried.is_empty() && !matches!(end, End::Exhausted) {
            event::exhausted(at, error, "nested", false);
        }
        self.count(plan, self.number(), Outcome::of(&end));
        // What is not this call's own giving up may still be an inner one's, for a layer above.
        let own = !matches!(end, End::NotRetryable | End::Unknown);
        gave_up(plan, own, carried, || failure.imprint());
    }

    /// Time ran out during an attempt, or before it could begin.
    pub(super) fn ran_out(&self, plan: &Plan<'_>, error: &dyn std::fmt::Display) {
        if stats::on() {
            plan.operation.state().counters.failed("time_limit");
        }
        metrics::attempted(plan.operation, self.number(), metrics::Attempt::Dropped);
        self.stopped(plan, Imprint::of_text(text_of(error)), &Reason::TimeLimit);
    }

    /// The breaker let no attempt be made.
    #[cold]
    pub(super) fn turned_away(&self, plan: &Plan<'_>, error: &dyn std::fmt::Display) {
        if stats::on() {
            plan.operation.state().counters.failed("circuit_open");
        }
        if self.retries > 0 {
            // The attempt that the wait was for does not come, nor is it paid for.
            in_force::refund(plan.operation, plan.guards.and_then(|guards| guards.budget));
            let last = Self {
                retries: self.retries - 1,
                ..*self
            };
            return last.stopped(plan, Imprint::of_text(text_of(error)), &Reason::CircuitOpen);
        }
        event::rejected(plan.operation, error);
        self.count(plan, 0, Outcome::CircuitOpen);
        unknown_effect::refuse(|| text_of(error));
        // Also of a call that never tries twice: an enclosing one is not to try in its place.
        nesting::give_up(|| {
            let error = Imprint::of_text(text_of(error));
            vec![GaveUp::new(plan.operation.name(), error)]
        });
    }

    #[cold]
    pub(super) fn stopped(&self, plan: &Plan<'_>, error: Imprint, reason: &Reason) {
        event::stopped(self.at(plan), &error.text(), reason);
        self.count(plan, self.number(), Outcome::of_stop(reason));
        gave_up(plan, true, Vec::new(), || error);
    }

    /// The call has ended, after so many attempts: none where the breaker rejected the first.
    pub(super) fn count(&self, plan: &Plan<'_>, attempts: u32, outcome: Outcome) {
        if stats::on() {
            let spent = self.failed.map_or(Duration::ZERO, Moment::elapsed);
            plan.operation.state().counters.ended(Ended {
                attempts,
                succeeded: outcome.is_success(),
                spent,
            });
        }
        let call = self.call(attempts, outcome, plan.guards);
        metrics::ended(plan.operation, &call);
    }

    /// What metrics are told of the call's end.
    pub(super) fn call<'a>(
        &self,
        attempts: u32,
        outcome: Outcome,
        guards: Option<&Guards<'a>>,
    ) -> metrics::Call<'a> {
        metrics::Call {
            started: self.started,
            attempts,
            outcome,
            budget: guards.and_then(|guards| guards.budget),
        }
    }
}

/// Tells an enclosing call of the calls that gave up: those that this one carries and, where it
/// gave up `itself`, this one. A call that never tries twice multiplies nothing of its own.
///
/// It is the last that a call does: what its attempt does from here on is the enclosing one's.
fn gave_up(
    plan: &Plan<'_>,
    itself: bool,
    mut carried: Vec<GaveUp>,
    error: impl FnOnce() -> Imprint,
) {
    nesting::give_up(|| {
        if itself && plan.policy.max_attempts() > 1 {
            carried.push(GaveUp::new(plan.operation.name(), error()));
        }
        carried
    });
}
