//! Errors, by moment: making a breaker, requesting a permit, looking one up.

use std::time::Duration;

use super::ranges;
use crate::text::circuit_name::CircuitName;
use crate::text::duration::DisplayDuration;

/// A breaker that cannot be made: states the field, the value and the allowed range.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BreakerError {
    /// The circuit would open without a failure.
    #[error("failure_threshold is {value}; it must be at least 1")]
    FailureThreshold {
        /// The refused value.
        value: u32,
    },
    /// The recovery time is zero.
    #[error("recovery_timeout is 0; it must be more than 0")]
    RecoveryTimeout,
    /// A window of no calls, or of more than a verdict can scan.
    #[error(
        "count window is {value} calls; it must be from 1 to {}",
        ranges::MAX_CALLS
    )]
    CountWindow {
        /// The refused value.
        value: u32,
    },
    /// A window whose tenth is under a millisecond.
    #[error("time window is {}; it must be at least {}", DisplayDuration(*value), DisplayDuration(ranges::MIN_WINDOW))]
    TimeWindow {
        /// The refused value.
        value: Duration,
    },
    /// A share that every call, or none, would reach.
    #[error("failure_rate is {value}; it must be more than 0 and at most 1")]
    FailureRate {
        /// The refused value.
        value: f64,
    },
    /// A rate would need no calls.
    #[error("minimum_calls is {value}; it must be at least 1")]
    MinimumCalls {
        /// The refused value.
        value: u32,
    },
    /// Every call would be slow.
    #[error("slow_call is {}; it must be at least {}", DisplayDuration(*value), DisplayDuration(ranges::MIN_SLOW_CALL))]
    SlowCall {
        /// The refused value.
        value: Duration,
    },
    /// A share that every call, or none, would reach.
    #[error("slow_call_rate is {value}; it must be more than 0 and at most 1")]
    SlowCallRate {
        /// The refused value.
        value: f64,
    },
    /// `slow_call` or `minimum_calls` without a window in which they count.
    #[error("slow_call and minimum_calls need a window; set a count or time window first")]
    NoWindow,
    /// No call could try, or more than can be counted.
    #[error(
        "half_open_permits is {value}; it must be from 1 to {}",
        ranges::MAX_TRIALS
    )]
    HalfOpenPermits {
        /// The refused value.
        value: u32,
    },
    /// The circuit would close without a success, or after more than can be counted.
    #[error(
        "success_threshold is {value}; it must be from 1 to {}",
        ranges::MAX_TRIALS
    )]
    SuccessThreshold {
        /// The refused value.
        value: u32,
    },
}

impl BreakerError {
    /// Returns the panic text of a const setter, which cannot format values.
    pub(crate) const fn rule(&self) -> &'static str {
        match self {
            Self::FailureThreshold { .. } => "failure_threshold must be at least 1",
            Self::RecoveryTimeout => "recovery_timeout must be more than 0",
            Self::CountWindow { .. } => "a count window must be from 1 to 10000 calls",
            Self::TimeWindow { .. } => "a time window must be at least 10 ms",
            Self::FailureRate { .. } => "failure_rate must be more than 0 and at most 1",
            Self::MinimumCalls { .. } => "minimum_calls must be at least 1",
            Self::SlowCall { .. } => "slow_call must be at least 1 ms",
            Self::SlowCallRate { .. } => "slow_call_rate must be more than 0 and at most 1",
            Self::NoWindow => {
                "slow_call and minimum_calls need a window; set a count or time window first"
            }
            Self::HalfOpenPermits { .. } => "half_open_permits must be from 1 to 1000000",
            Self::SuccessThreshold { .. } => "success_threshold must be from 1 to 1000000",
        }
    }
}

/// A call was rejected: the circuit is open, or half open with all its permits out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("circuit {name} is open{}", when(*retry_after))]
#[non_exhaustive]
pub struct CircuitOpen {
    /// The breaker's name.
    pub name: CircuitName,
    /// Time after which to come back, a millisecond or more: the rest of the open time; or, if trial
    /// calls have all permits, the time after which another may try even if none of them ends, though
    /// the circuit may close earlier. `None` if it was forced open, and stays so until it is reset.
    pub retry_after: Option<Duration>,
}

fn when(retry_after: Option<Duration>) -> String {
    match retry_after {
        None => " until it is reset".to_owned(),
        Some(left) => format!(": retry after {}", DisplayDuration(left)),
    }
}

/// No breaker has that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown circuit breaker {name:?}; {}", known_names(known))]
#[non_exhaustive]
pub struct UnknownBreaker {
    /// The name as given.
    pub name: String,
    /// The known names so far, in order.
    pub known: Vec<&'static str>,
}

fn known_names(known: &[&'static str]) -> String {
    if known.is_empty() {
        "none has been made yet".to_owned()
    } else {
        format!("known are {}", known.join(", "))
    }
}
