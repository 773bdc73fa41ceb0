//! The end of a call, reported to the subscriber, the statistics and an enclosing call.

use std::time::Duration;

use super::deadline::Limits;
use super::guards::in_force;
use super::nesting::{refusal, thread_notes};
use crate::classify::failure::Failure;
use crate::classify::imprint::Imprint;
use crate::clock::Moment;
use crate::engine::call_state::CallState;
use crate::engine::nesting::gave_up::GaveUp;
use crate::engine::plan::Plan;
use crate::report::call_outcome::CallOutcome;
use crate::report::event;
use crate::report::event::{EventContext, StopReason};
use crate::report::metrics::AttemptResult;
use crate::text::display::text_of;

/// The reason for a call's end without success.
pub(super) enum EndReason {
    NotRetryable,
    /// It may have taken effect, and must not do so twice.
    Unknown,
    Exhausted,
    Stopped(StopReason),
}

impl EndReason {
    const fn outcome(&self) -> CallOutcome {
        match self {
            Self::NotRetryable | Self::Unknown => CallOutcome::NotRetryable,
            Self::Exhausted => CallOutcome::AttemptsExhausted,
            Self::Stopped(reason) => CallOutcome::of_stop(reason),
        }
    }
}

impl CallState {
    pub(super) fn context<'a>(&self, plan: &Plan<'a>) -> EventContext<'a> {
        let since_failure = || self.failed.map_or(Duration::ZERO, Moment::elapsed);
        EventContext {
            operation: plan.operation,
            policy: plan.policy,
            attempt: self.number(),
            elapsed: plan.limits.map_or_else(since_failure, Limits::elapsed),
        }
    }

    /// Reports a failed call. `carried`: nested calls whose failure caused this one.
    #[cold]
    pub(super) fn report_end(
        &self,
        plan: &Plan<'_>,
        failure: &Failure<'_>,
        end: EndReason,
        carried: Vec<GaveUp>,
    ) {
        let (context, error) = (self.context(plan), failure.description());
        let outermost = !thread_notes::is_inside();
        match &end {
            EndReason::Exhausted => event::exhausted(context, error, "exhausted", !outermost),
            EndReason::NotRetryable => event::not_retried(context, error, false),
            EndReason::Unknown => event::not_retried(context, error, true),
            EndReason::Stopped(reason) => event::stopped(context, &error, reason),
        }
        // Inner calls log a WARN. The outermost call logs the only ERROR, also if it stopped early.
        if outermost && !carried.is_empty() && !matches!(end, EndReason::Exhausted) {
            event::exhausted(context, error, "nested", false);
        }
        self.count_call(plan, self.number(), end.outcome());
        // Nested calls may have given up even if this call did not: the enclosing call must learn
        // of both.
        let own = !matches!(end, EndReason::NotRetryable | EndReason::Unknown);
        gave_up(plan, own, carried, || failure.imprint());
    }

    /// Reports that time ran out during an attempt, or before it could begin.
    pub(super) fn report_time_limit(&self, plan: &Plan<'_>, error: &dyn std::fmt::Display) {
        self.count_attempt(plan.operation, AttemptResult::Dropped, || {
            Some("time_limit")
        });
        self.report_stop(
            plan,
            Imprint::of_text(text_of(error)),
            &StopReason::TimeLimit,
        );
    }

    /// Reports that the breaker rejected the attempt.
    #[cold]
    pub(super) fn report_rejection(&self, plan: &Plan<'_>, error: &dyn std::fmt::Display) {
        Self::count_rejection(plan.operation);
        if self.retries > 0 {
            // The attempt after the wait is not made: its tokens go back.
            in_force::refund(plan.operation, plan.guards.and_then(|guards| guards.budget));
            let last = Self {
                retries: self.retries - 1,
                ..*self
            };
            return last.report_stop(
                plan,
                Imprint::of_text(text_of(error)),
                &StopReason::CircuitOpen,
            );
        }
        event::rejected(plan.operation, error);
        self.count_call(plan, 0, CallOutcome::CircuitOpen);
        refusal::refuse(|| text_of(error));
        // Also for a call that never retries: an enclosing call must not retry in its place.
        thread_notes::note_gave_up(|| {
            let error = Imprint::of_text(text_of(error));
            vec![GaveUp::new(plan.operation.name(), error)]
        });
    }

    #[cold]
    pub(super) fn report_stop(&self, plan: &Plan<'_>, error: Imprint, reason: &StopReason) {
        event::stopped(self.context(plan), &error.text(), reason);
        self.count_call(plan, self.number(), CallOutcome::of_stop(reason));
        gave_up(plan, true, Vec::new(), || error);
    }
}

/// Reports to an enclosing call the calls that gave up: `carried` and, if `itself` is set, this
/// one. A call that never retries does not report itself, because it multiplies nothing.
///
/// This is the last step of a call: what the thread does after it belongs to the enclosing call's attempt.
fn gave_up(
    plan: &Plan<'_>,
    itself: bool,
    mut carried: Vec<GaveUp>,
    error: impl FnOnce() -> Imprint,
) {
    thread_notes::note_gave_up(|| {
        if itself && plan.policy.max_attempts() > 1 {
            carried.push(GaveUp::new(plan.operation.name(), error()));
        }
        carried
    });
}
