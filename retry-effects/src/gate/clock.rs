//! The clock by which the keeper and an action compare the times of a lease.

use std::sync::OnceLock;
use std::time::Instant;

use crate::protocol::state_machine::nanos;

/// Nanoseconds since the process first asked.
pub(super) fn since_origin(now: Instant) -> u64 {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    nanos(now.saturating_duration_since(*ORIGIN.get_or_init(|| now)))
}
