//! Reading of settings: all faults are reported at once.

use std::collections::BTreeMap;

use super::error::{InvalidSetting, SettingsError};
use super::retry_settings::RetrySettings;
use super::{environment, variables};

impl RetrySettings {
    /// Reads the process environment and, with the feature `dotenv`, `.env` of the current directory
    /// beneath it. Writes nothing and applies nothing. Warns of unknown `RETRY__` names, and of lines of
    /// `.env` that cannot be parsed; such a line that begins with `RETRY__` is an error.
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

    /// [`RetrySettings::load`] from the given variables alone, for tests and for programs that keep
    /// their configuration elsewhere. If a name is given twice, the last value counts.
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
    ///     "RETRY__API_MAX_ATTEMPTS is \"0\"; \
    ///      it must be a whole number from 1 to 4294967295, or unlimited",
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
}
