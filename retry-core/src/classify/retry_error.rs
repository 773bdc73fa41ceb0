//! [`RetryError`]: the error of a call that was not made, or was cut.

use std::io;
use std::time::Duration;

use crate::text::circuit_name::CircuitName;
use crate::text::duration::DisplayDuration;

/// The end of a call, or of an attempt, without an error of the function's own.
///
/// It reaches the caller through `E: From<RetryError>`, which `String`, [`std::io::Error`] and boxed
/// errors implement; for an error type of your own, derive it:
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
    /// One attempt ran longer than its `timeout`; it was dropped, and may have taken effect.
    #[error("attempt {attempt} of {operation} timed out after {}", DisplayDuration(*timeout))]
    AttemptTimeout {
        /// The operation's name.
        operation: &'static str,
        /// The attempt that ran out of time, from 1.
        attempt: u32,
        /// The time limit of one attempt.
        timeout: Duration,
    },
    /// The call ran longer than `max_total_time`; its last attempt was dropped, or never began.
    #[error("time limit of {} for {operation} ran out in attempt {attempt}", DisplayDuration(*limit))]
    TimeLimit {
        /// The operation's name.
        operation: &'static str,
        /// The attempt in which time ran out, from 1.
        attempt: u32,
        /// The time limit of the whole call.
        limit: Duration,
    },
    /// The circuit breaker is open: the call was not made, and had no effect.
    #[error("{operation} was not called: circuit {circuit} is open{}", open_for(*retry_after))]
    CircuitOpen {
        /// The operation's name.
        operation: &'static str,
        /// The breaker's name.
        circuit: CircuitName,
        /// Time until it admits a trial call; an upper bound if a trial is already under way. `None` if
        /// code holds it open.
        retry_after: Option<Duration>,
    },
}

fn open_for(retry_after: Option<Duration>) -> String {
    match retry_after {
        None => String::new(),
        Some(wait) => format!(" for {}", DisplayDuration(wait)),
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
            // No kind fits better, and this one lets the source decide.
            RetryError::CircuitOpen { .. } => io::ErrorKind::Other,
        };
        Self::new(kind, error)
    }
}
