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
        Self(count(*ORIGIN.get_or_init(|| now), now))
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

/// Returns the milliseconds from `origin` to `now`, counted from the middle of the range: 0 is the niche of
/// `Option<Moment>`. The count reaches it once in 49 days, and not near the origin, before which other
/// clocks may stand: there it would be a millisecond too large.
fn count(origin: Instant, now: Instant) -> NonZeroU32 {
    let millis = millis_since(origin, now).wrapping_add(1 << 31);
    NonZeroU32::new(millis).unwrap_or(NonZeroU32::MIN)
}

/// Returns the low 32 bits of the milliseconds from `origin` to `now`, rounded down: enough for a
/// difference. A paused clock may stand before the origin, which another clock has set; the milliseconds
/// are negative then, and rounding down makes their number larger.
fn millis_since(origin: Instant, now: Instant) -> u32 {
    let after = now.saturating_duration_since(origin).as_millis();
    let before = origin.saturating_duration_since(now);
    let rest = before.subsec_nanos() % 1_000_000;
    let before = before.as_millis() + u128::from(rest > 0);
    let low = |millis: u128| u32::try_from(millis & u128::from(u32::MAX)).unwrap_or(0);
    low(after).wrapping_sub(low(before))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn milliseconds_are_counted_across_the_origin() {
        let origin = Instant::now();
        let second = Duration::from_secs(1);
        for micros in [1, 300, 999, 1_000, 1_500, 999_999] {
            let begin = origin - Duration::from_micros(micros);
            let (begin, end) = (count(origin, begin), count(origin, begin + second));
            let millis = end.get().wrapping_sub(begin.get());
            assert_eq!(millis, 1_000, "{micros} µs before");
        }
    }
}
