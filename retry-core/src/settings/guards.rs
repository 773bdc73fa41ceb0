//! The guards that settings ask for.

use super::guard_layer::GuardLayer;
use super::names::operation_key;
use super::retry_settings::RetrySettings;
use crate::guard::budget::limits::BudgetLimits;
use crate::guard::budget::retry_budget::RetryBudget;
use crate::policy::class::OperationClass;

impl RetrySettings {
    /// The retry budget that settings switch on for each operation of a class; `None` where they do
    /// not. Each call of this makes another one, full.
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

    /// What all layers say of an operation's guards, `argument` being what its attribute says.
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

    /// What settings alone say of them.
    pub(crate) fn guards(&self, class: OperationClass, name: &str) -> GuardLayer {
        self.guards_over(class, name, GuardLayer::NONE)
    }

    /// The budget of a class, if settings ask for one.
    pub(super) fn class_budget(&self, class: OperationClass) -> Option<BudgetLimits> {
        let class = &self.guards.classes[class.index()];
        class.budget_ratio.map(|_| class.budget())
    }

    /// The budget of the process, if settings ask for one.
    pub(crate) fn global_budget(&self) -> Option<BudgetLimits> {
        let process = &self.guards.process;
        process.budget_ratio.map(|_| process.budget())
    }

    /// Whether settings ask for a budget where no code may have.
    pub(super) fn ask_for_budgets(&self) -> bool {
        let layers = self.guards.classes.iter();
        let mut layers = layers
            .chain(self.guards.operations.values())
            .chain([&self.guards.process]);
        layers.any(|layer| layer.budget_ratio.is_some())
    }
}
