//! The clock on which the keeper and an action compare the times of a lease.

use std::sync::OnceLock;
use std::time::Instant;

use crate::protocol::state_machine::nanos;

/// Returns the nanoseconds since the first call in this process.
pub(super) fn since_origin(now: Instant) -> u64 {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    nanos(now.saturating_duration_since(*ORIGIN.get_or_init(|| now)))
}
