//! [`Recovery`]: the share of successes among the retried calls of the last minutes.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::clock::Moment;

/// Length of the history.
const WINDOW: Duration = Duration::from_secs(300);
/// Calls that ended within this time of each other are forgotten together, so that at most 30 slices
/// exist. A call is remembered for 290 to 300 seconds.
const SLICE: Duration = Duration::from_secs(10);
/// A gauge that time changes is set again after this time.
const REFRESH_MS: u32 = 10_000;

/// No [`Moment`].
const NEVER: u32 = 0;

#[derive(Debug, Default)]
pub(super) struct Recovery {
    /// Only retried calls take the lock.
    slices: Mutex<VecDeque<Slice>>,
    /// Time at which a gauge was last set, in the milliseconds of [`Moment`].
    shown: AtomicU32,
}

#[derive(Clone, Copy, Debug)]
struct Slice {
    began: Instant,
    retried: u32,
    recovered: u32,
}

impl Recovery {
    /// Records the end of a retried call and returns the rate, including it.
    pub(super) fn ended(&self, now: Instant, succeeded: bool) -> f64 {
        let mut slices = self.slices.lock().unwrap_or_else(PoisonError::into_inner);
        let is_current = |slice: &&mut Slice| now.saturating_duration_since(slice.began) < SLICE;
        match slices.back_mut().filter(is_current) {
            Some(slice) => {
                slice.retried = slice.retried.saturating_add(1);
                slice.recovered = slice.recovered.saturating_add(u32::from(succeeded));
            }
            None => slices.push_back(Slice {
                began: now,
                retried: 1,
                recovered: u32::from(succeeded),
            }),
        }
        let rate = rate_of(&mut slices, now);
        drop(slices);
        self.shown(now);
        rate
    }

    /// Returns the rate; `None` if no call was ever retried.
    pub(super) fn rate(&self, now: Instant) -> Option<f64> {
        let mut slices = self.slices.lock().unwrap_or_else(PoisonError::into_inner);
        // A list that was used once keeps its capacity.
        (slices.capacity() > 0).then(|| rate_of(&mut slices, now))
    }

    /// Records that a gauge is set now.
    pub(super) fn shown(&self, now: Instant) {
        self.shown.store(Moment::at(now).get(), Ordering::Relaxed);
    }

    /// Whether the gauges must be set again: `true` for one caller only.
    #[inline]
    pub(super) fn is_due(&self, now: Instant) -> bool {
        let shown = self.shown.load(Ordering::Relaxed);
        shown != NEVER && self.take_turn(shown, Moment::at(now).get())
    }

    #[cold]
    fn take_turn(&self, shown: u32, now: u32) -> bool {
        now.wrapping_sub(shown) >= REFRESH_MS
            && self
                .shown
                .compare_exchange(shown, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }
}

fn rate_of(slices: &mut VecDeque<Slice>, now: Instant) -> f64 {
    let is_past = |slice: &Slice| now.saturating_duration_since(slice.began) >= WINDOW;
    while slices.front().is_some_and(is_past) {
        slices.pop_front();
    }
    let sum = |part: fn(&Slice) -> u32| slices.iter().map(|slice| f64::from(part(slice))).sum();
    let (retried, recovered): (f64, f64) =
        (sum(|slice| slice.retried), sum(|slice| slice.recovered));
    // Without calls it is NaN, as in Prometheus itself: no alert fires on NaN.
    recovered / retried
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_counts_for_five_minutes() {
        let recovery = Recovery::default();
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        assert_eq!(recovery.rate(start), None);
        assert_eq!(recovery.ended(start, false), 0.0);
        assert_eq!(recovery.ended(at(9), true), 0.5);
        assert_eq!(recovery.ended(at(20), true), 2.0 / 3.0);
        assert_eq!(recovery.rate(at(299)), Some(2.0 / 3.0));
        // The first slice began at 0, the second at 20 s.
        assert_eq!(recovery.rate(at(300)), Some(1.0));
        assert!(recovery.rate(at(320)).expect("calls were retried").is_nan());
    }

    #[test]
    fn a_steady_stream_keeps_thirty_slices() {
        let recovery = Recovery::default();
        let start = Instant::now();
        for second in 0..3_000 {
            recovery.ended(start + Duration::from_secs(second), second % 4 == 0);
        }
        let slices = recovery.slices.lock().expect("nobody panics");
        assert_eq!(slices.len(), 30);
        assert_eq!(slices.iter().map(|slice| slice.retried).sum::<u32>(), 300);
    }

    #[test]
    fn one_caller_tells_the_gauges_again() {
        let recovery = Recovery::default();
        let start = Instant::now();
        let later = start + Duration::from_secs(10);
        assert!(!recovery.is_due(later), "no gauge was ever set");
        recovery.shown(start);
        assert!(!recovery.is_due(start + Duration::from_millis(9_999)));
        assert!(recovery.is_due(later));
        assert!(!recovery.is_due(later));
    }
}
