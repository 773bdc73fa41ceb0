//! [`Cause`]: the reason in the report of an opening.

use std::fmt;

use super::state::{Phase, State};
use crate::guard::breaker::tally::Tally;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    FailuresInARow(u32),
    Failed(Tally),
    Slow(Tally),
    TrialFailed,
    TrialSlow,
}

impl Cause {
    /// Returns the reason why a failure opened a circuit that was in this state.
    pub(super) const fn of_failure(before: State) -> Self {
        match before.phase {
            Phase::Closed { failures } => Self::FailuresInARow(failures.saturating_add(1)),
            _ => Self::TrialFailed,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FailuresInARow(1) => f.write_str("after a failure"),
            Self::FailuresInARow(failures) => write!(f, "after {failures} failures in a row"),
            Self::Failed(tally) => {
                write!(f, "after {} of {} calls failed", tally.failed, tally.calls)
            }
            Self::Slow(tally) => {
                write!(f, "after {} of {} calls were slow", tally.slow, tally.calls)
            }
            Self::TrialFailed => f.write_str("again after a trial call failed"),
            Self::TrialSlow => f.write_str("again after a trial call was slow"),
        }
    }
}
