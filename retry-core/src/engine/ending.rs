//! The end of a call, reported to the subscriber, the statistics and an enclosing call.

use std::time::Duration;

use super::deadline::Limits;
use super::guards::in_force;
use super::nesting::{refusal, standing};
use super::statistics;
use crate::classify::failure::Failure;
use crate::classify::imprint::Imprint;
use crate::clock::Moment;
use crate::engine::nesting::gave_up::GaveUp;
use crate::engine::plan::Attempts;
use crate::engine::plan::Plan;
use crate::report::counters::Ended;
use crate::report::event;
use crate::report::event::{At, Reason};
use crate::report::metrics;
use crate::report::outcome::Outcome;
use crate::text::display::text_of;

/// The reason for a call's end without success.
pub(super) enum End {
    NotRetryable,
    /// It may have taken effect, and must not do so twice.
    Unknown,
    Exhausted,
    Stopped(Reason),
}

impl End {
    const fn outcome(&self) -> Outcome {
        match self {
            Self::NotRetryable | Self::Unknown => Outcome::NotRetryable,
            Self::Exhausted => Outcome::AttemptsExhausted,
            Self::Stopped(reason) => Outcome::of_stop(reason),
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

    /// Reports a failed call. `carried`: nested calls whose failure caused this one.
    #[cold]
    pub(super) fn ended(
        &self,
        plan: &Plan<'_>,
        failure: &Failure<'_>,
        end: End,
        carried: Vec<GaveUp>,
    ) {
        let (at, error) = (self.at(plan), failure.description());
        let outermost = !standing::is_inside();
        match &end {
            End::Exhausted => event::exhausted(at, error, "exhausted", !outermost),
            End::NotRetryable => event::not_retried(at, error, false),
            End::Unknown => event::not_retried(at, error, true),
            End::Stopped(reason) => event::stopped(at, &error, reason),
        }
        // Inner calls log a WARN. The outermost call logs the only ERROR, also if it stopped early.
        if outermost && !carried.is_empty() && !matches!(end, End::Exhausted) {
            event::exhausted(at, error, "nested", false);
        }
        self.count(plan, self.number(), end.outcome());
        // Nested calls may have given up even if this call did not: the enclosing call must learn
        // of both.
        let own = !matches!(end, End::NotRetryable | End::Unknown);
        gave_up(plan, own, carried, || failure.imprint());
    }

    /// Reports that time ran out during an attempt, or before it could begin.
    pub(super) fn ran_out(&self, plan: &Plan<'_>, error: &dyn std::fmt::Display) {
        if statistics::on() {
            plan.operation.state().counters.failed("time_limit");
        }
        metrics::attempted(plan.operation, self.number(), metrics::Attempt::Dropped);
        self.stopped(plan, Imprint::of_text(text_of(error)), &Reason::TimeLimit);
    }

    /// Reports that the breaker rejected the attempt.
    #[cold]
    pub(super) fn turned_away(&self, plan: &Plan<'_>, error: &dyn std::fmt::Display) {
        if statistics::on() {
            plan.operation.state().counters.failed("circuit_open");
        }
        if self.retries > 0 {
            // The attempt after the wait is not made: its tokens go back.
            in_force::refund(plan.operation, plan.guards.and_then(|guards| guards.budget));
            let last = Self {
                retries: self.retries - 1,
                ..*self
            };
            return last.stopped(plan, Imprint::of_text(text_of(error)), &Reason::CircuitOpen);
        }
        event::rejected(plan.operation, error);
        self.count(plan, 0, Outcome::CircuitOpen);
        refusal::refuse(|| text_of(error));
        // Also for a call that never retries: an enclosing call must not retry in its place.
        standing::give_up(|| {
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

    /// Counts the end of the call. `attempts` is 0 if the breaker rejected the first.
    pub(super) fn count(&self, plan: &Plan<'_>, attempts: u32, outcome: Outcome) {
        if statistics::on() {
            let spent = self.failed.map_or(Duration::ZERO, Moment::elapsed);
            plan.operation.state().counters.ended(Ended {
                attempts,
                succeeded: outcome.is_success(),
                spent,
            });
        }
        let call = self.call(attempts, outcome);
        let budget = plan.guards.and_then(|guards| guards.budget);
        metrics::ended(plan.operation, &call, || {
            in_force::least_tokens(in_force::budgets(plan.operation, budget))
        });
    }

    /// Returns the call's end for metrics.
    pub(super) fn call(&self, attempts: u32, outcome: Outcome) -> metrics::Call {
        metrics::Call {
            started: self.started,
            attempts,
            outcome,
        }
    }
}

/// Reports to an enclosing call the calls that gave up: `carried` and, if `itself` is set, this
/// one. A call that never retries does not report itself, because it multiplies nothing.
///
/// A call does this last: anything its attempt does later belongs to the enclosing call.
fn gave_up(
    plan: &Plan<'_>,
    itself: bool,
    mut carried: Vec<GaveUp>,
    error: impl FnOnce() -> Imprint,
) {
    standing::give_up(|| {
        if itself && plan.policy.max_attempts() > 1 {
            carried.push(GaveUp::new(plan.operation.name(), error()));
        }
        carried
    });
}
