//! [`RetrySettings`]: settings of the environment, over the defaults.

use std::collections::BTreeMap;

use crate::policy::class::OperationClass;
use crate::policy::layer::{Origin, PolicyLayer, Resolution};
use crate::policy::nested::Nested;
use crate::policy::retry_policy::RetryPolicy;

use super::guard_variables::GuardSettings;
use crate::settings::names::operation_key;

/// Settings of a process: class variables, per-operation variables and switches.
///
/// | variable | value |
/// |---|---|
/// | `RETRY__WORKER_MAX_ATTEMPTS` and the same for `STORAGE`, `SCHEDULER`, `API` | a number of at least 1, or `unlimited` |
/// | `RETRY__WORKER_MIN_WAIT`, `RETRY__WORKER_MAX_WAIT`, … | seconds (`0.5`) or with units (`500ms`, `1h30m`) |
/// | `RETRY__WORKER_THROTTLED_MIN_WAIT`, … | the same: the first wait after an answer like "too many requests", see [`RetryPolicy::with_throttled_min_wait`](crate::RetryPolicy::with_throttled_min_wait) |
/// | `RETRY__OP__LOAD_TASK__MAX_ATTEMPTS`, `…__MIN_WAIT`, `…__MAX_WAIT`, `…__THROTTLED_MIN_WAIT` | the same, for the operation `load_task` of any class; wins over the attribute |
/// | `RETRY__API_BUDGET`, `…_BUDGET_BURST`, `…_BUDGET_FLOOR`, and the same for the other classes | a [`RetryBudget`](crate::RetryBudget)'s ratio (from 0 to 1), burst (retries) and floor (retries a second). The ratio alone switches a budget on, one for each operation of the class |
/// | `RETRY__BUDGET`, `…_BURST`, `…_FLOOR` | the same, of one budget for the whole process |
/// | `RETRY__API_CIRCUIT_FAILURE_THRESHOLD`, `…_RECOVERY_TIMEOUT`, `…_WINDOW` (`100` calls or `30s`), `…_FAILURE_RATE`, `…_MINIMUM_CALLS`, `…_SLOW_CALL`, `…_SLOW_CALL_RATE`, `…_HALF_OPEN_PERMITS`, `…_SUCCESS_THRESHOLD` | the [`CircuitBreaker`](crate::CircuitBreaker)s that attributes request |
/// | `RETRY__OP__LOAD_TASK__BUDGET`, `…__CIRCUIT_FAILURE_THRESHOLD`, …, `…__TIME_BUDGET`, `…__HEDGE_AFTER` | the same, and the values of `time_budget` and `hedge`, for one operation; wins over the attribute |
/// | `RETRY__STATS` | `1` counts for [`stats`](crate::stats()) from the start |
/// | `RETRY__NESTED` | `stop` (default) or `multiply`: the reaction of a call when a call inside it has given up |
///
/// In an operation's name, each character that is not a letter or digit becomes `_`. Without [`install`]
/// the environment is read once, at the first failure that needs it; then a bad value is logged once at
/// ERROR and its default used.
///
/// [`install`]: RetrySettings::install
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RetrySettings {
    pub(super) classes: [PolicyLayer; 4],
    pub(super) operations: BTreeMap<String, PolicyLayer>,
    pub(super) guards: GuardSettings,
    /// Each variable of one operation, with that operation.
    pub(super) operation_variables: BTreeMap<String, String>,
    pub(crate) stats: bool,
    pub(crate) nested: Nested,
}

impl RetrySettings {
    /// Returns the policy of a class as configured.
    #[must_use]
    pub fn policy(&self, class: OperationClass) -> RetryPolicy {
        self.classes[class.index()].over(class.default_policy())
    }

    /// Returns the policy of one annotated function: default ← class variable ← `policy` and arguments ←
    /// operation variable.
    pub(crate) fn resolve(
        &self,
        class: OperationClass,
        name: &str,
        arguments: &PolicyLayer,
    ) -> Resolution {
        let mut resolution = Resolution::of(class.default_policy())
            .under(&self.classes[class.index()], Origin::ClassVariable)
            .under(arguments, Origin::Argument);
        // Most processes have no such variable, and build no name here.
        if !self.operations.is_empty()
            && let Some(layer) = self.operations.get(&operation_key(name))
        {
            resolution = resolution.under(layer, Origin::OperationVariable);
        }
        resolution
    }
}
