//! [`PolicyError`]: what makes a policy invalid.

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
