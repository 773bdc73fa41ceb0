//! The counts of a call, for statistics and metrics together: no other file of the engine feeds either
//! with attempts and ends.

use std::time::Duration;

use super::call_state::CallState;
use super::decision::CalledOperation;
use super::guards::in_force;
use super::guards::in_force::Guards;
use super::plan::Plan;
use super::statistics;
use crate::clock::Moment;
use crate::guard::budget::retry_budget::RetryBudget;
use crate::operation::Operation;
use crate::report::call_outcome::CallOutcome;
use crate::report::counters::CallTotals;
use crate::report::metrics;
use crate::report::metrics::{AttemptResult, EndedCall};

impl CallState {
    /// Counts a call whose first attempt succeeded, if only statistics observe it.
    #[inline]
    pub(super) fn count_first_success_in_statistics(callee: &impl CalledOperation) {
        callee.state().counters.succeeded_at_once();
    }

    /// Counts a call whose first attempt succeeded.
    pub(super) fn count_first_success(
        &self,
        in_statistics: bool,
        callee: &impl CalledOperation,
        guards: Option<&Guards<'_>>,
    ) {
        if in_statistics {
            Self::count_first_success_in_statistics(callee);
        }
        metrics::attempted(callee, 1, AttemptResult::Success);
        metrics::ended(callee, &self.end(1, CallOutcome::SuccessFirst), || {
            let own = guards.and_then(|guards| guards.budget);
            tokens(callee.operation(), own)
        });
    }

    /// Counts the attempt that has ended; `failure` returns the kind of its error, if it failed.
    pub(super) fn count_attempt(
        &self,
        operation: &Operation,
        result: AttemptResult,
        failure: impl FnOnce() -> Option<&'static str>,
    ) {
        if statistics::is_enabled()
            && let Some(kind) = failure()
        {
            operation.state().counters.failed(kind);
        }
        metrics::attempted(operation, self.number(), result);
    }

    /// Counts an attempt that the breaker rejected: no attempt for metrics, a failure for statistics.
    pub(super) fn count_rejection(operation: &Operation) {
        if statistics::is_enabled() {
            operation.state().counters.failed("circuit_open");
        }
    }

    /// Counts the end of the call. `attempts` is 0 if the breaker rejected the first.
    pub(super) fn count_call(&self, plan: &Plan<'_>, attempts: u32, outcome: CallOutcome) {
        let operation = plan.operation;
        if statistics::is_enabled() {
            operation.state().counters.ended(CallTotals {
                attempts,
                succeeded: outcome.is_success(),
                spent: self.failed.map_or(Duration::ZERO, Moment::elapsed),
            });
        }
        metrics::ended(operation, &self.end(attempts, outcome), || {
            tokens(operation, plan.guards.and_then(|guards| guards.budget))
        });
    }

    const fn end(&self, attempts: u32, outcome: CallOutcome) -> EndedCall {
        EndedCall {
            started: self.started,
            attempts,
            outcome,
        }
    }
}

fn tokens(operation: &Operation, own: Option<&RetryBudget>) -> Option<f64> {
    in_force::least_tokens(in_force::budgets(operation, own))
}
