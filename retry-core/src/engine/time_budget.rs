//! Time budgets: the time that the retries of a scope spend together.

use std::time::Duration;

use crate::engine::call_state::CallState;
use crate::engine::plan::Plan;
use crate::guard::scope;
use crate::guard::scope::RetryScope;

impl Plan<'_> {
    /// Whether a time budget holds for the call: its own, or that of an enclosing scope.
    pub(super) fn has_time_budget(&self) -> bool {
        self.time_budget_left().is_some()
    }

    /// Returns the time left of the smallest time budget in force.
    pub(super) fn time_budget_left(&self) -> Option<Duration> {
        let own = self.own_scope().and_then(RetryScope::time_left);
        let around = scope::is_entered().then(scope::time_left).flatten();
        own.into_iter().chain(around).min()
    }

    fn own_scope(&self) -> Option<&RetryScope> {
        self.guards.and_then(|guards| guards.scope.as_ref())
    }
}

impl CallState {
    /// Charges the time since the last failure to the time budgets in force: the wait, and the
    /// retry after it. Time that other calls, above all nested ones, charged meanwhile counts once,
    /// because it is the same time.
    pub(super) fn charge_time_budgets(&mut self, plan: &Plan<'_>) {
        let Some(failed) = self.failed.filter(|_| plan.has_time_budget()) else {
            return;
        };
        let own = plan.own_scope();
        // By the innermost budget: the one that nested calls charge too.
        let spent = || millis(own.map_or_else(scope::time_spent, RetryScope::time_spent));
        let elapsed = millis(failed.elapsed());
        if self.retries > 0 {
            // All three wrap round together; a negative difference counts as zero.
            let counted = spent().wrapping_sub(self.charge_offset);
            let due = elapsed.wrapping_sub(counted).cast_signed().max(0);
            let due = Duration::from_millis(u64::from(due.unsigned_abs()));
            if let Some(own) = own {
                own.spend_time(due);
            }
            scope::spend_time(due);
        }
        self.charge_offset = spent().wrapping_sub(elapsed);
    }
}

/// Returns the low 32 bits of a duration in milliseconds: enough for a difference.
fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis() & u128::from(u32::MAX)).unwrap_or(0)
}
