//! [`Outcome`]: the end of a call, for statistics and metrics.

use super::event::Reason;

/// The end of a call, as one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
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

impl Outcome {
    pub(crate) const fn is_success(self) -> bool {
        matches!(self, Self::SuccessFirst | Self::SuccessRetried)
    }

    /// Returns the outcome of a call that was stopped.
    pub(crate) const fn of_stop(reason: &Reason) -> Self {
        match reason {
            Reason::TimeLimit | Reason::ServerHint => Self::Deadline,
            Reason::Cancelled => Self::Cancelled,
            Reason::Budget | Reason::TimeBudget => Self::Budget,
            Reason::CircuitOpen => Self::CircuitOpen,
            // The inner call has used up the available attempts.
            Reason::Nested(_) => Self::AttemptsExhausted,
        }
    }
}
