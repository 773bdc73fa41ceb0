//! [`RetrySettings`]: what the environment says, over the defaults.

use std::collections::BTreeMap;

use crate::engine::nesting::Nested;
use crate::guard::budget::retry_budget::RetryBudget;
use crate::policy::class::OperationClass;
use crate::policy::error::{InvalidSetting, SettingsError};
use crate::policy::layer::{Layer, Origin, Resolution};
use crate::policy::retry_policy::RetryPolicy;

use super::guard_variables::GuardSettings;
use super::variables::operation_key;

use super::{environment, installed, variables};

/// Settings of a process: class variables, per-operation variables and switches.
///
/// | variable | value |
/// |---|---|
/// | `RETRY__WORKER_MAX_ATTEMPTS` and the same for `STORAGE`, `SCHEDULER`, `API` | a number of at least 1, or `unlimited` |
/// | `RETRY__WORKER_MIN_WAIT`, `RETRY__WORKER_MAX_WAIT`, … | seconds (`0.5`) or with units (`500ms`, `1h30m`) |
/// | `RETRY__OP__LOAD_TASK__MAX_ATTEMPTS`, `…__MIN_WAIT`, `…__MAX_WAIT` | the same, for the operation `load_task` of any class; wins over the attribute |
/// | `RETRY__API_BUDGET`, `…_BUDGET_BURST`, `…_BUDGET_FLOOR`, and the same for the other classes | a [`RetryBudget`](crate::RetryBudget)'s ratio (from 0 to 1), burst (retries) and floor (retries a second). The ratio alone switches a budget on, one for each operation of the class |
/// | `RETRY__BUDGET`, `…_BURST`, `…_FLOOR` | the same, of one budget for the whole process |
/// | `RETRY__API_CIRCUIT_FAILURE_THRESHOLD`, `…_RECOVERY_TIMEOUT`, `…_WINDOW` (`100` calls or `30s`), `…_FAILURE_RATE`, `…_MINIMUM_CALLS`, `…_SLOW_CALL`, `…_SLOW_CALL_RATE`, `…_HALF_OPEN_PERMITS`, `…_SUCCESS_THRESHOLD` | the [`CircuitBreaker`](crate::CircuitBreaker)s that attributes ask for |
/// | `RETRY__OP__LOAD_TASK__BUDGET`, `…__CIRCUIT_FAILURE_THRESHOLD`, …, `…__TIME_BUDGET`, `…__HEDGE_AFTER` | the same, and what its attribute gives to `time_budget` and `hedge`, for one operation; wins over the attribute |
/// | `RETRY__STATS` | `1` counts for [`stats`](crate::report::stats()) from the start |
/// | `RETRY__NESTED` | `stop` (default) or `multiply`: what a call does when one inside it has given up |
///
/// In an operation's name what is not a letter or digit becomes `_`. Without [`install`] the
/// environment is read once, at the first failure that needs it; then a bad value is logged once
/// at ERROR and its default used.
///
/// [`install`]: RetrySettings::install
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RetrySettings {
    pub(super) classes: [Layer; 4],
    pub(super) operations: BTreeMap<String, Layer>,
    pub(super) guards: GuardSettings,
    /// Each variable that is for one operation, with that operation.
    pub(super) operation_variables: BTreeMap<String, String>,
    pub(crate) stats: bool,
    pub(crate) nested: Nested,
}

impl RetrySettings {
    /// Reads the process environment and, with the feature `dotenv`, `.env` of the current
    /// directory beneath it. Writes nothing and applies nothing; unknown `RETRY__` names are
    /// warned of, and so are lines of `.env` that cannot be parsed, unless they begin with `RETRY__`.
    ///
    /// # Errors
    ///
    /// [`SettingsError`], which names every bad variable, its value and what is allowed.
    ///
    /// ```
    /// use retry_core::{OperationClass, RetrySettings};
    ///
    /// let settings = RetrySettings::load()?;
    /// assert!(settings.policy(OperationClass::Storage).max_attempts() >= 1);
    /// settings.install();
    /// # Ok::<(), retry_core::SettingsError>(())
    /// ```
    pub fn load() -> Result<Self, SettingsError> {
        let read = environment::read();
        if let Some(error) = read.unreadable {
            return Err(error);
        }
        environment::warn_of_skipped(&read.skipped);
        Self::of_variables(read.variables.into_iter().collect(), read.malformed)
    }

    /// [`RetrySettings::load`] from the given variables alone, for tests and for programs that
    /// keep their configuration elsewhere. Of a name given twice the last value counts.
    ///
    /// # Errors
    ///
    /// [`SettingsError::Invalid`], with every bad variable.
    ///
    /// ```
    /// use retry_core::{OperationClass, RetrySettings};
    ///
    /// let settings = RetrySettings::from_vars([("RETRY__API_MAX_ATTEMPTS", "7")])?;
    /// assert_eq!(settings.policy(OperationClass::Api).max_attempts(), 7);
    ///
    /// let error = RetrySettings::from_vars([("RETRY__API_MAX_ATTEMPTS", "0")]).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     r#"RETRY__API_MAX_ATTEMPTS is "0"; it must be a whole number from 1 to 4294967295, or unlimited"#,
    /// );
    /// # Ok::<(), retry_core::SettingsError>(())
    /// ```
    pub fn from_vars<N, V>(
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Result<Self, SettingsError>
    where
        N: Into<String>,
        V: Into<String>,
    {
        let variables = variables
            .into_iter()
            .map(|(name, value)| (name.into(), value.into()));
        Self::of_variables(variables.collect(), Vec::new())
    }

    fn of_variables(
        variables: BTreeMap<String, String>,
        mut invalid: Vec<InvalidSetting>,
    ) -> Result<Self, SettingsError> {
        let parsed = variables::parse(variables);
        variables::warn_of_unknown(&parsed.unknown);
        invalid.extend(parsed.invalid);
        if invalid.is_empty() {
            Ok(parsed.settings)
        } else {
            Err(SettingsError::Invalid(invalid))
        }
    }

    /// The policy of a class as configured.
    #[must_use]
    pub fn policy(&self, class: OperationClass) -> RetryPolicy {
        self.classes[class.index()].over(class.default_policy())
    }

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

    /// Applies these settings to the process, from the next failure of each operation on.
    ///
    /// Meant for start-up. Installing again replaces them; each annotated function that has failed
    /// under the old ones keeps some 200 bytes of them, so do not do it on a timer.
    pub fn install(self) {
        installed::install(self);
    }

    /// The policy of one annotated function: default ← class variable ← `policy` and arguments ←
    /// operation variable.
    pub(crate) fn resolve(
        &self,
        class: OperationClass,
        name: &str,
        arguments: &Layer,
    ) -> Resolution {
        let mut resolution = Resolution::of(class.default_policy())
            .under(&self.classes[class.index()], Origin::ClassVariable)
            .under(arguments, Origin::Argument);
        // Most processes have no such variable: then no name is built.
        if !self.operations.is_empty()
            && let Some(layer) = self.operations.get(&operation_key(name))
        {
            resolution = resolution.under(layer, Origin::OperationVariable);
        }
        resolution
    }
}
