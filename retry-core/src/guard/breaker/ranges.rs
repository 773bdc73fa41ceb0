//! The ranges of a breaker's settings.

use std::time::Duration;

/// Upper bound of `half_open_permits` and `success_threshold`: both counts share the atomic
/// integer.
pub(crate) const MAX_TRIALS: u32 = 1_000_000;

/// The largest window of calls: every verdict scans it.
pub(crate) const MAX_CALLS: u32 = 10_000;

/// A tenth of the shortest window of time is a millisecond, the clock's resolution here.
pub(crate) const MIN_WINDOW: Duration = Duration::from_millis(10);

/// The resolution of a call's length.
pub(crate) const MIN_SLOW_CALL: Duration = Duration::from_millis(1);
