//! [`Cause`]: what the report of a transition says about why.

use std::fmt;

use super::state::{Phase, State};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Somebody asked for a permit, or for the state itself.
    Asked,
    FailuresInARow(u32),
    Trial,
}

impl Cause {
    /// Why a failure opened a circuit that was in this state.
    pub(super) const fn of_failure(before: State) -> Self {
        match before.phase {
            Phase::Closed { failures } => Self::FailuresInARow(failures.saturating_add(1)),
            _ => Self::Trial,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => f.write_str("by request"),
            Self::FailuresInARow(1) => f.write_str("after a failure"),
            Self::FailuresInARow(failures) => write!(f, "after {failures} failures in a row"),
            Self::Trial => f.write_str("again after a trial call failed"),
        }
    }
}
