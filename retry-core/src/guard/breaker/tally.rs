//! The outcome of a call, and a count of outcomes.

use std::ops::AddAssign;

/// The outcome of a call, as a circuit needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TalliedCall {
    pub(super) failed: bool,
    pub(super) slow: bool,
}

/// The content of a window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) calls: u32,
    pub(super) failed: u32,
    pub(super) slow: u32,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.failed = self.failed.saturating_add(other.failed);
        self.slow = self.slow.saturating_add(other.slow);
    }
}
