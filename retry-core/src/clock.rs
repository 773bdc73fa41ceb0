//! The clock that elapsed time is read from, and the sleep of sync calls.

#[cfg(feature = "testing")]
pub(crate) mod test_time;

use std::num::NonZeroU32;
use std::sync::OnceLock;
use std::time::Duration;

use tokio::time::Instant;

/// Returns the current time by tokio's clock, so that paused time counts, or by this thread's test
/// clock.
#[must_use]
pub fn now() -> Instant {
    #[cfg(feature = "testing")]
    if let Some(now) = test_time::virtual_now() {
        return now;
    }
    Instant::now()
}

/// A moment in milliseconds, in four bytes because every call carries one. Differences are right for
/// calls of up to 49 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment(NonZeroU32);

impl Moment {
    pub(crate) fn now() -> Self {
        Self::at(now())
    }

    pub(crate) fn at(now: Instant) -> Self {
        static ORIGIN: OnceLock<Instant> = OnceLock::new();
        let origin = *ORIGIN.get_or_init(|| now);
        // A paused clock may stand before the origin, which another clock has set.
        let after = millis(now.saturating_duration_since(origin));
        let before = millis(origin.saturating_duration_since(now));
        // Counted from 1: 0 is the niche of `Option<Moment>`; the count reaches it once in 49 days.
        let millis = after.wrapping_sub(before).wrapping_add(1);
        Self(NonZeroU32::new(millis).unwrap_or(NonZeroU32::MIN))
    }

    /// Returns the moment as a number that is never 0.
    #[cfg(feature = "metrics")]
    pub(crate) const fn get(self) -> u32 {
        self.0.get()
    }

    pub(crate) fn elapsed(self) -> Duration {
        Duration::from_millis(u64::from(Self::now().0.get().wrapping_sub(self.0.get())))
    }
}

/// Returns the low 32 bits of a duration in milliseconds: enough for a difference.
fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis() & u128::from(u32::MAX)).unwrap_or(0)
}
