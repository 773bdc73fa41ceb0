//! [`CallOutcome`]: the end of a call, for statistics and metrics.

use super::event::StopReason;

/// The end of a call, as one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallOutcome {
    SuccessFirst,
    SuccessRetried,
    NotRetryable,
    AttemptsExhausted,
    /// No time was left, or less than the wait that a server requested.
    Deadline,
    /// No more retries are paid for, in tokens or in time.
    Budget,
    CircuitOpen,
    Cancelled,
}

impl CallOutcome {
    pub(crate) const fn is_success(self) -> bool {
        matches!(self, Self::SuccessFirst | Self::SuccessRetried)
    }

    /// Returns the outcome of a call that was stopped.
    pub(crate) const fn of_stop(reason: &StopReason) -> Self {
        match reason {
            StopReason::TimeLimit | StopReason::ServerHint => Self::Deadline,
            StopReason::Cancelled => Self::Cancelled,
            StopReason::Budget | StopReason::TimeBudget => Self::Budget,
            StopReason::CircuitOpen => Self::CircuitOpen,
            // The inner call has used up the available attempts.
            StopReason::Nested(_) => Self::AttemptsExhausted,
        }
    }
}
