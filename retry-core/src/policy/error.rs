//! Errors, by the moment they belong to: making a policy, reading settings, running a call.

use std::io;
use std::time::Duration;

use crate::text::circuit_name::CircuitName;
use crate::text::duration::Wait;

/// A policy that cannot be made: names the field, the value and what is allowed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// Fewer attempts than one.
    #[error("max_attempts is {value}; it must be at least 1")]
    MaxAttempts {
        /// The refused value.
        value: u32,
    },
    /// A multiplier under 1, infinite or not a number.
    #[error("multiplier is {value}; it must be a finite number of at least 1")]
    Multiplier {
        /// The refused value.
        value: f64,
    },
    /// A given schedule without a wait.
    #[error("schedule has 0 waits; it must have at least 1")]
    EmptySchedule,
    /// A name that is none of the named policies.
    #[error("unknown policy {name:?}; known policies are {known}")]
    UnknownPolicy {
        /// The name as it was given.
        name: String,
        /// The names that are known, separated by commas.
        known: &'static str,
    },
    /// An execution type that has no policy.
    #[error("unknown execution type {value:?}; it must be flow, agent, job or nodus")]
    UnknownExecutionType {
        /// The type as it was given.
        value: String,
    },
}

/// What ended a call, or an attempt, without an error of the function's own.
///
/// It reaches the caller through `E: From<RetryError>`, which `String`, [`std::io::Error`] and
/// boxed errors have; for an error type of your own, derive it:
///
/// ```
/// use retry_core::RetryError;
///
/// #[derive(Debug, thiserror::Error)]
/// enum ApiError {
///     #[error("server answered {0}")]
///     Status(u16),
///     #[error("{0}")]
///     Retry(#[from] RetryError),
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RetryError {
    /// One attempt ran longer than the `timeout`; it was dropped, and may have taken effect.
    #[error("attempt {attempt} of {operation} timed out after {}", Wait(*timeout))]
    AttemptTimeout {
        /// The operation's name.
        operation: &'static str,
        /// The attempt that ran out of time, from 1.
        attempt: u32,
        /// The bound of one attempt.
        timeout: Duration,
    },
    /// The call ran longer than `max_total_time`; its last attempt was dropped, or never begun.
    #[error("time limit of {} for {operation} ran out in attempt {attempt}", Wait(*limit))]
    TimeLimit {
        /// The operation's name.
        operation: &'static str,
        /// The attempt in which time ran out, from 1.
        attempt: u32,
        /// The bound of the whole call.
        limit: Duration,
    },
    /// The circuit breaker is open: the call was not made, and had no effect.
    #[error("{operation} was not called: circuit {circuit} is open{}", again(*retry_after))]
    CircuitOpen {
        /// The operation's name.
        operation: &'static str,
        /// The breaker's name.
        circuit: CircuitName,
        /// When it will let a call try, at the latest where a trial call is under way; `None` where
        /// code holds it open.
        retry_after: Option<Duration>,
    },
}

fn again(retry_after: Option<Duration>) -> String {
    match retry_after {
        None => String::new(),
        Some(wait) => format!(" for {}", Wait(wait)),
    }
}

impl From<RetryError> for String {
    fn from(error: RetryError) -> Self {
        error.to_string()
    }
}

impl From<RetryError> for io::Error {
    fn from(error: RetryError) -> Self {
        let kind = match error {
            RetryError::AttemptTimeout { .. } | RetryError::TimeLimit { .. } => {
                io::ErrorKind::TimedOut
            }
            // No kind says it better, and this one lets the source decide.
            RetryError::CircuitOpen { .. } => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}

/// One environment variable (or line of `.env`) that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{variable} is {value:?}; {allowed}")]
#[non_exhaustive]
pub struct InvalidSetting {
    /// The variable's name.
    pub variable: String,
    /// Its value, as it was found.
    pub value: String,
    /// What is allowed, as a sentence without its full stop.
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

/// Names in a message.
pub(crate) fn list(names: &[&str]) -> String {
    if names.is_empty() {
        return "none yet".to_owned();
    }
    names.join(", ")
}
