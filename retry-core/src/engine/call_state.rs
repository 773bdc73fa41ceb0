//! [`CallState`]: the state that a call carries between its attempts.

use super::nesting::thread_notes::InnerFailures;
use crate::clock::Moment;
use crate::report::metrics::CallStart;

/// State that a call carries between attempts: 24 bytes of its future.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallState {
    /// Retries so far. While an attempt runs, its number minus 1; during a wait, the number of the next
    /// attempt minus 1.
    pub(super) retries: u32,
    /// The first failure, if its time was needed by then.
    pub(super) failed: Option<Moment>,
    /// The last wait in nanoseconds, for decorrelated jitter; in two halves, to align to 4 bytes.
    pub(super) previous: [u32; 2],
    /// The calls that gave up in the attempt that runs.
    pub(super) inner_failures: InnerFailures,
    /// In milliseconds: the part of the time budget that is spent, minus the time since this call's
    /// first failure; both as of this call's last charge. The next charge is the time since then, less
    /// the time that other calls have charged meanwhile.
    pub(super) charge_offset: u32,
    /// Whether an attempt failed without a statement about its effect. The error of a later attempt
    /// does not cover it.
    pub(super) is_unproved: bool,
    /// The start of the call: zero-sized if no metrics are built in.
    pub(super) started: CallStart,
}

impl CallState {
    /// Starts a call now.
    #[must_use]
    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            retries: 0,
            failed: None,
            previous: [0; 2],
            inner_failures: InnerFailures::NONE,
            charge_offset: 0,
            is_unproved: false,
            started: CallStart::now(),
        }
    }

    /// Returns the slot in which the running attempt records the nested calls that gave up.
    #[inline]
    pub(crate) const fn inner_failures(&mut self) -> &mut InnerFailures {
        &mut self.inner_failures
    }

    /// Returns the number of the attempt that runs, from 1.
    #[must_use]
    #[inline]
    pub(crate) const fn number(&self) -> u32 {
        self.retries.saturating_add(1)
    }
}
