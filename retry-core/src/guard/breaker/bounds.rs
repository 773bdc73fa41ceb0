//! The bounds of what a breaker may be told.

use std::time::Duration;

/// The most that `half_open_permits` and `success_threshold` may be: their counts share a word.
pub(crate) const MOST_TRIALS: u32 = 1_000_000;

/// The largest window of calls: it is looked through at every verdict.
pub(crate) const MOST_CALLS: u32 = 10_000;

/// A tenth of the shortest window of time is a millisecond, what the clock tells apart here.
pub(crate) const SHORTEST_WINDOW: Duration = Duration::from_millis(10);

/// What the length of a call is told to.
pub(crate) const SHORTEST_SLOW_CALL: Duration = Duration::from_millis(1);
