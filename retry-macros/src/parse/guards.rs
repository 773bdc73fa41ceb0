//! The guards around attempts, which keep retries from making an outage worse.

use crate::parse::guard_settings::GuardSettings;
use crate::parse::hedge::HedgeArguments;
use crate::parse::limit::Limit;
use crate::parse::shared_guard::GuardArgument;

/// The requested guards. A missing one is `None`.
#[derive(Default)]
pub(crate) struct GuardArguments {
    pub(crate) budget: Option<GuardArgument>,
    pub(crate) circuit_breaker: Option<GuardArgument>,
    pub(crate) adaptive: Option<GuardArgument>,
    pub(crate) time_budget: Option<Limit>,
    pub(crate) hedge: Option<HedgeArguments>,
    /// Fields of the runtime crate's layer, for guards that no code declares.
    pub(crate) settings: GuardSettings,
}

impl GuardArguments {
    /// Whether a call has any guard.
    pub(crate) fn are_any(&self) -> bool {
        let shared = [&self.budget, &self.circuit_breaker, &self.adaptive];
        let any_shared = shared.iter().any(|guard| guard.is_some());
        any_shared || self.time_budget.is_some() || self.hedge.is_some()
    }
}
