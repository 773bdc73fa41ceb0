//! The clock of the in-memory store.

use std::time::{Instant, SystemTime};
#[cfg(feature = "conformance")]
use std::{sync::Arc, sync::atomic::AtomicU64, sync::atomic::Ordering, time::Duration};

#[cfg(feature = "conformance")]
use crate::protocol::state_machine::nanos;
use crate::protocol::state_machine::{Now, millis};

/// The source of the store's time.
#[derive(Clone, Debug)]
pub(super) enum Clock {
    /// The machine's monotonic clock, from `origin` on. The wall clock is read once, there: setting
    /// it later makes no record older than it is, so that none is purged too early.
    Machine { origin: Instant, wall: u64 },
    /// A test's clock.
    #[cfg(feature = "conformance")]
    Manual(ManualClock),
}

impl Clock {
    pub(super) fn machine() -> Self {
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Self::Machine {
            origin: Instant::now(),
            wall: wall.map_or(0, millis),
        }
    }

    #[inline]
    pub(super) fn now(&self) -> Now {
        match self {
            Self::Machine { origin, wall } => {
                let elapsed = origin.elapsed();
                // Nanoseconds in 64 bits last for 584 years.
                let lease = elapsed.as_secs() * NANOS_A_SECOND + u64::from(elapsed.subsec_nanos());
                Now {
                    lease,
                    wall: wall.saturating_add(lease / NANOS_A_MILLI),
                }
            }
            #[cfg(feature = "conformance")]
            Self::Manual(clock) => clock.now(),
        }
    }
}

const NANOS_A_MILLI: u64 = 1_000_000;
const NANOS_A_SECOND: u64 = 1_000_000_000;

/// A clock that a test moves. Clones show the same time.
///
/// It starts on 13 September 2020.
///
/// # Examples
///
/// ```
/// use std::time::Duration;
/// use retry_effects::{EffectStore, InMemoryEffectStore, ManualClock};
///
/// let clock = ManualClock::new();
/// let store = InMemoryEffectStore::with_clock(clock.clone());
/// clock.advance(Duration::from_secs(30)); // leases that were taken before are over
/// # let _ = store;
/// ```
#[cfg(feature = "conformance")]
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Hands>);

#[cfg(feature = "conformance")]
#[derive(Debug)]
struct Hands {
    lease: AtomicU64,
    wall: AtomicU64,
}

#[cfg(feature = "conformance")]
impl ManualClock {
    /// Returns a clock that stands still.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(Hands {
            lease: AtomicU64::new(0),
            wall: AtomicU64::new(1_600_000_000_000),
        }))
    }

    /// Advances the lease clock and the wall clock.
    ///
    /// Both count on from their current time; only the lease clock keeps fractions of a millisecond.
    pub fn advance(&self, time: Duration) {
        self.0.lease.fetch_add(nanos(time), Ordering::SeqCst);
        self.0.wall.fetch_add(millis(time), Ordering::SeqCst);
    }

    /// Moves the wall clock forward, or back, by this many milliseconds. Leases are not affected.
    pub fn move_wall(&self, millis: i64) {
        let by = millis.unsigned_abs();
        if millis < 0 {
            self.0.wall.fetch_sub(by, Ordering::SeqCst);
        } else {
            self.0.wall.fetch_add(by, Ordering::SeqCst);
        }
    }

    fn now(&self) -> Now {
        Now {
            lease: self.0.lease.load(Ordering::SeqCst),
            wall: self.0.wall.load(Ordering::SeqCst),
        }
    }
}

#[cfg(feature = "conformance")]
impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}
