//! [`PolicyError`]: the reasons why a policy is invalid.

/// A policy that cannot be made: states the field, the value and the allowed range.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// Fewer than one attempt.
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
    /// A given schedule without any wait.
    #[error("schedule has 0 waits; it must have at least 1")]
    EmptySchedule,
    /// A name that belongs to no named policy.
    #[error("unknown policy {name:?}; known policies are {known}")]
    UnknownPolicy {
        /// The name as given.
        name: String,
        /// The known names, separated by commas.
        known: &'static str,
    },
    /// An execution type that has no policy.
    #[error("unknown execution type {value:?}; it must be flow, agent, job or nodus")]
    UnknownExecutionType {
        /// The type as given.
        value: String,
    },
}
