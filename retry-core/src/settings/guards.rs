//! Guards that settings switch on or tune.

use super::guard_layer::GuardLayer;
use super::names::operation_key;
use super::retry_settings::RetrySettings;
use crate::guard::budget::limits::BudgetLimits;
use crate::guard::budget::retry_budget::RetryBudget;
use crate::policy::class::OperationClass;

impl RetrySettings {
    /// Returns the retry budget that settings switch on for each operation of a class, or `None`. Each
    /// call returns a new budget, full.
    ///
    /// ```
    /// use retry_core::{OperationClass, RetrySettings};
    ///
    /// let settings = RetrySettings::from_vars([("RETRY__API_BUDGET", "0.2")])?;
    /// let budget = settings.budget(OperationClass::Api).expect("switched on");
    /// assert_eq!((budget.ratio(), budget.burst(), budget.floor()), (0.2, 10, 1));
    /// assert!(settings.budget(OperationClass::Worker).is_none());
    /// # Ok::<(), retry_core::SettingsError>(())
    /// ```
    #[must_use]
    pub fn budget(&self, class: OperationClass) -> Option<RetryBudget> {
        self.class_budget(class).map(RetryBudget::with_limits)
    }

    /// Returns an operation's guards from all layers; `argument` is the layer of its attribute.
    pub(crate) fn guards_over(
        &self,
        class: OperationClass,
        name: &str,
        argument: GuardLayer,
    ) -> GuardLayer {
        let layer = argument.over(self.guards.classes[class.index()]);
        if self.guards.operations.is_empty() {
            return layer;
        }
        let operation = self.guards.operations.get(&operation_key(name));
        operation.map_or(layer, |operation| operation.over(layer))
    }

    /// Returns an operation's guards from settings alone.
    pub(crate) fn guards(&self, class: OperationClass, name: &str) -> GuardLayer {
        self.guards_over(class, name, GuardLayer::NONE)
    }

    /// Returns the budget of a class, if settings switch one on.
    pub(super) fn class_budget(&self, class: OperationClass) -> Option<BudgetLimits> {
        let class = &self.guards.classes[class.index()];
        class.budget_ratio.map(|_| class.budget())
    }

    /// Returns the budget of the process, if settings switch one on.
    pub(crate) fn global_budget(&self) -> Option<BudgetLimits> {
        let process = &self.guards.process;
        process.budget_ratio.map(|_| process.budget())
    }

    /// Whether settings switch on a budget for this operation, if its class is the one of the setting.
    pub(super) fn may_make_budget(&self, operation: &str) -> bool {
        let operation = self.guards.operations.get(operation);
        let mut layers = self.guards.classes.iter().chain(operation);
        layers.any(|layer| layer.budget_ratio.is_some())
    }

    /// Whether settings switch on a budget, even where no code requests one.
    pub(super) fn have_budgets(&self) -> bool {
        let layers = self.guards.classes.iter();
        let mut layers = layers
            .chain(self.guards.operations.values())
            .chain([&self.guards.process]);
        layers.any(|layer| layer.budget_ratio.is_some())
    }
}
