//! Errors of settings: all faults at once, each with its variable, its value and what is allowed.

use crate::text::redaction::redacted;

/// One environment variable (or line of `.env`) that cannot be used. Its text shows the value redacted, as
/// logs do ([`redact_with`](crate::redact_with)).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable} is {:?}; {allowed}", redacted(value))]
#[non_exhaustive]
pub struct InvalidSetting {
    /// The variable's name.
    pub variable: String,
    /// Its value, as found.
    pub value: String,
    /// The allowed values, as a sentence without its full stop.
    pub allowed: String,
}

/// Settings that cannot be used: every bad variable, not only the first.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// At least one variable has a value that is not allowed, or is a line of `.env` that cannot be
    /// parsed.
    #[error("{}", join(.0))]
    Invalid(Vec<InvalidSetting>),
    /// The `.env` file exists and cannot be read.
    #[error("cannot read .env: {0}")]
    DotEnv(#[source] Box<dyn std::error::Error + Send + Sync>),
}

fn join(invalid: &[InvalidSetting]) -> String {
    invalid
        .iter()
        .map(InvalidSetting::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}
