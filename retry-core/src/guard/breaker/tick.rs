//! [`Tick`]: a moment in 40 bits, so that it fits into a circuit's state beside its epoch.

use std::sync::OnceLock;
use std::time::Duration;

use tokio::time::Instant;

/// Milliseconds. The first moment requested lies in the middle of the range: 17 years before it, 17
/// after. A moment outside is clamped to the ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Tick(u64);

impl Tick {
    pub(super) const BITS: u32 = 40;
    const LAST: u64 = (1 << Self::BITS) - 1;
    const MIDDLE: u64 = 1 << (Self::BITS - 1);

    /// Returns the tick that contains `now`: rounded down.
    pub(super) fn at(now: Instant) -> Self {
        let origin = origin(now);
        // A paused or virtual clock may stand before the origin, which another clock has set.
        let after = now.saturating_duration_since(origin).as_millis();
        let before = ceil(origin.saturating_duration_since(now));
        Self::from_middle(after, before)
    }

    /// Returns the first tick not earlier than `wait` after `now`: rounded up, so that no wait ends
    /// early.
    pub(super) fn after(now: Instant, wait: Duration) -> Self {
        let origin = origin(now);
        let Some(then) = now.checked_add(wait) else {
            return Self(Self::LAST);
        };
        let after = ceil(then.saturating_duration_since(origin));
        let before = origin.saturating_duration_since(then).as_millis();
        Self::from_middle(after, before)
    }

    /// Returns the time from `now` until this tick; `None` if it has come.
    pub(super) fn left(self, now: Self) -> Option<Duration> {
        let left = self.0.checked_sub(now.0).filter(|left| *left > 0)?;
        Some(Duration::from_millis(left))
    }

    /// Returns its index in a row of spans of `span` milliseconds. Wraps after 2³² spans.
    pub(super) fn span(self, span: u64) -> u32 {
        low_half(self.0 / span.max(1))
    }

    /// Returns its low half, in four bytes: enough to compute the length of a call.
    pub(super) fn low(self) -> u32 {
        low_half(self.0)
    }

    /// Returns the time since the tick with the low half `began`: right for calls of up to 24 days, and
    /// zero if the clock went back meanwhile.
    pub(super) fn since_low(self, began: u32) -> Duration {
        let millis = self.low().wrapping_sub(began);
        let went_back = millis > u32::MAX / 2;
        Duration::from_millis(if went_back { 0 } else { u64::from(millis) })
    }

    pub(super) const fn bits(self) -> u64 {
        self.0
    }

    pub(super) const fn from_bits(bits: u64) -> Self {
        Self(bits & Self::LAST)
    }

    fn from_middle(after: u128, before: u128) -> Self {
        let tick = (u128::from(Self::MIDDLE).saturating_add(after)).saturating_sub(before);
        Self(u64::try_from(tick).unwrap_or(Self::LAST).min(Self::LAST))
    }
}

fn origin(now: Instant) -> Instant {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    *ORIGIN.get_or_init(|| now)
}

fn ceil(duration: Duration) -> u128 {
    duration.as_nanos().div_ceil(1_000_000)
}

fn low_half(number: u64) -> u32 {
    u32::try_from(number & u64::from(u32::MAX)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_over_before_its_time() {
        let now = Instant::now();
        for micros in [0, 1, 999, 1_000, 1_001, 250_500] {
            let began = now + Duration::from_micros(micros);
            let wait = Duration::from_micros(10_300);
            let end = Tick::after(began, wait);
            let at = |micros| Tick::at(began + Duration::from_micros(micros));
            assert!(end.left(at(10_299)).is_some(), "{micros}");
            assert_eq!(end.left(at(11_300)), None, "{micros}");
        }
    }

    #[test]
    fn the_ends_hold_what_lies_beyond() {
        let now = Instant::now();
        assert_eq!(Tick::after(now, Duration::MAX), Tick(Tick::LAST));
        let century = Duration::from_secs(100 * 365 * 86_400);
        assert_eq!(Tick::after(now, century), Tick(Tick::LAST));
        let day = Duration::from_secs(86_400);
        let before = now.checked_sub(day).map(Tick::at);
        assert!(before.is_none_or(|before| before < Tick::at(now)));
    }

    #[test]
    fn the_low_half_comes_round() {
        let late = Tick(Tick::MIDDLE + 3);
        assert_eq!(late.since_low(u32::MAX), Duration::from_millis(4));
        assert_eq!(late.since_low(late.low() + 5), Duration::ZERO);
    }
}
