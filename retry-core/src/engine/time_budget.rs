//! Time budgets: what the retries of a scope spend together.

use std::time::Duration;

use crate::engine::plan::Attempts;
use crate::engine::plan::Plan;
use crate::guard::scope;
use crate::guard::scope::RetryScope;

impl Plan<'_> {
    /// Whether a time budget holds for the call: its own, or that of a scope it is made in.
    pub(super) fn has_time_budget(&self) -> bool {
        self.time_budget_left().is_some()
    }

    /// What is left of the smallest one.
    pub(super) fn time_budget_left(&self) -> Option<Duration> {
        let own = self.own_scope().and_then(RetryScope::time_left);
        let around = scope::is_entered().then(scope::time_left).flatten();
        own.into_iter().chain(around).min()
    }

    fn own_scope(&self) -> Option<&RetryScope> {
        self.guards.and_then(|guards| guards.scope.as_ref())
    }
}

impl Attempts {
    /// Charges the time since the last failure to the time budgets that hold: the wait, and the retry
    /// after it. Time that others charged meanwhile counts once, as it was under way in both: above
    /// all that of calls inside this one.
    pub(super) fn charge(&mut self, plan: &Plan<'_>) {
        let Some(failed) = self.failed.filter(|_| plan.has_time_budget()) else {
            return;
        };
        let own = plan.own_scope();
        // By the innermost budget: the one that calls inside this one charge too.
        let spent = || millis(own.map_or_else(scope::time_spent, RetryScope::time_spent));
        let elapsed = millis(failed.elapsed());
        if self.retries > 0 {
            // All of these wrap round together; a negative rest is none.
            let counted = spent().wrapping_sub(self.lead);
            let due = elapsed.wrapping_sub(counted).cast_signed().max(0);
            let due = Duration::from_millis(u64::from(due.unsigned_abs()));
            if let Some(own) = own {
                own.spend_time(due);
            }
            scope::spend_time(due);
        }
        self.lead = spent().wrapping_sub(elapsed);
    }
}

/// The low 32 bits of a duration in milliseconds: enough for a difference.
fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis() & u128::from(u32::MAX)).unwrap_or(0)
}
