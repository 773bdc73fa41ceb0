//! [`Outcome`]: how a call ended, for statistics and metrics.

use super::event::Reason;

/// How a call ended, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    SuccessFirst,
    SuccessRetried,
    NotRetryable,
    AttemptsExhausted,
    /// There was no time left, or less than a server asked for.
    Deadline,
    /// Retries may cost no more: tokens, or time.
    Budget,
    CircuitOpen,
    Cancelled,
}

impl Outcome {
    pub(crate) const fn is_success(self) -> bool {
        matches!(self, Self::SuccessFirst | Self::SuccessRetried)
    }

    /// The outcome of a call that was stopped.
    pub(crate) const fn of_stop(reason: &Reason) -> Self {
        match reason {
            Reason::TimeLimit | Reason::ServerHint => Self::Deadline,
            Reason::Cancelled => Self::Cancelled,
            Reason::Budget | Reason::TimeBudget => Self::Budget,
            Reason::CircuitOpen => Self::CircuitOpen,
            // The inner call has used up the attempts that there were.
            Reason::Nested(_) => Self::AttemptsExhausted,
        }
    }
}
