//! This crate's own [`RetryError`], as an outer call sees it.

use std::error::Error;

use crate::classify::{Classify, Verdict};
use crate::error::RetryError;

impl Classify for RetryError {
    fn classify(&self) -> Verdict {
        match self {
            // The dropped attempt may have done its work.
            Self::AttemptTimeout { .. } | Self::TimeLimit { .. } => Verdict::Unknown,
            // It was not made at all, and the breaker asks not to be tried again.
            Self::CircuitOpen { .. } => Verdict::Stop,
        }
    }

    fn kind(&self) -> &'static str {
        match self {
            Self::AttemptTimeout { .. } => "attempt_timeout",
            Self::TimeLimit { .. } => "time_limit",
            Self::CircuitOpen { .. } => "circuit_open",
        }
    }

    fn as_error(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}
