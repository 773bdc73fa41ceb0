//! [`AdaptiveLimiter`]: slows calls down to the rate that the other side accepts.
//!
//! It is the client-side rate limiter of the AWS SDKs' adaptive retry mode (botocore,
//! `retries/adaptive.py`; `client_rate_limiter.rs` of smithy-rs), with their constants and with their
//! published sequences as tests. Where the two differ, it follows botocore: a retry costs no more than a
//! first attempt.

mod cubic;
mod meter;
mod pace;
mod token_bucket;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::sync::stripes::Stripes;
use pace::Pace;

/// A limit on calls a second that adapts by itself: it falls when the other side throttles, and rises
/// while it does not.
///
/// Until the first throttling error (see [`Judgement::is_throttle`](crate::Judgement::is_throttle)) it
/// limits nothing, but measures how many calls a second are made. That error sets the limit to 0.7 times
/// this rate. From then on every attempt, a first one too, waits for its turn, and the limit follows a
/// cubic curve back to the old rate, and then beyond; it never exceeds twice the measured rate, and
/// never falls under one call in two seconds.
///
/// Use one limiter for each side that throttles: a service, an account, a table. It can be a `static`,
/// which the attributes take as `adaptive = NAME`:
///
/// ```
/// use retry_core::{AdaptiveLimiter, Judgement};
///
/// static PAYMENTS: AdaptiveLimiter = AdaptiveLimiter::new();
///
/// assert_eq!(PAYMENTS.rate(), None, "off until the first throttling error");
/// assert!(Judgement::retry().throttle().is_throttle());
/// ```
pub struct AdaptiveLimiter {
    /// Whether calls wait for their turn; once true, it stays true.
    throttling: AtomicBool,
    /// Calls that have ended. Until the first throttling they are counted here, and the rest of the
    /// state is updated twice a second.
    ended: Stripes,
    /// The half second of the last update.
    half_second: AtomicI64,
    /// Time at which the first call ended.
    origin: OnceLock<Instant>,
    state: Mutex<State>,
}

struct State {
    pace: Pace,
    /// The part of `ended` that `pace` has counted.
    counted: u64,
    /// The latest time seen, in seconds after the origin.
    latest: f64,
    /// Sum of the clock's steps back, in seconds.
    went_back: f64,
}

impl AdaptiveLimiter {
    /// Makes a limiter that has seen no call.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            throttling: AtomicBool::new(false),
            ended: Stripes::new(),
            half_second: AtomicI64::new(i64::MIN),
            origin: OnceLock::new(),
            state: Mutex::new(State {
                pace: Pace::new(),
                counted: 0,
                latest: 0.0,
                went_back: 0.0,
            }),
        }
    }

    /// Returns the calls a second allowed now, at least 0.5; `None` before the first throttling error,
    /// while nothing is limited.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        self.is_throttling().then(|| self.state().pace.rate())
    }

    /// Whether there has been a throttling error: from then on, calls wait for their turn.
    #[must_use]
    #[inline]
    pub fn is_throttling(&self) -> bool {
        self.throttling.load(Ordering::Acquire)
    }

    /// Returns `None` if an attempt may begin; otherwise the time after which to request again, and
    /// takes nothing.
    #[inline]
    pub(crate) fn delay_at(&self, now: Instant) -> Option<Duration> {
        if self.is_throttling() {
            self.try_take(now)
        } else {
            None
        }
    }

    /// Records the end of an attempt that was not throttled, failed or not.
    #[inline]
    pub(crate) fn on_success_at(&self, now: Instant) {
        self.ended.add_one();
        let half_second = self.half_second.load(Ordering::Relaxed);
        if self.is_throttling() || half_second != self.half_second_of(now) {
            self.record_end(false, now);
        }
    }

    /// Records the end of an attempt that was throttled.
    pub(crate) fn on_throttle_at(&self, now: Instant) {
        self.ended.add_one();
        self.record_end(true, now);
    }

    fn try_take(&self, now: Instant) -> Option<Duration> {
        let seconds = self.seconds(now);
        let mut state = self.state();
        let seconds = state.forward(seconds);
        state.pace.take(seconds)
    }

    #[cold]
    fn record_end(&self, throttled: bool, now: Instant) {
        let (seconds, half_second) = (self.seconds(now), self.half_second_of(now));
        let mut state = self.state();
        let seconds = state.forward(seconds);
        let ended = self.ended.sum();
        let calls = ended.saturating_sub(state.counted);
        state.counted = ended.max(state.counted);
        state.pace.ended(calls, throttled, seconds);
        self.half_second.store(half_second, Ordering::Relaxed);
        if throttled {
            self.throttling.store(true, Ordering::Release);
        }
    }

    fn half_second_of(&self, now: Instant) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "seconds since the start")]
        let half_second = (self.seconds(now) * 2.0).floor() as i64;
        half_second
    }

    /// Returns the seconds since the origin; negative if the clock went back before it.
    fn seconds(&self, now: Instant) -> f64 {
        let origin = *self.origin.get_or_init(|| now);
        match now.checked_duration_since(origin) {
            Some(after) => after.as_secs_f64(),
            None => -origin.saturating_duration_since(now).as_secs_f64(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Returns a time that only moves forward. A thread that was held up counts as current; a clock that
    /// went back by more than a second is followed from there, or no token would drip until it caught
    /// up.
    fn forward(&mut self, seconds: f64) -> f64 {
        let seconds = seconds + self.went_back;
        if self.latest - seconds > 1.0 {
            self.went_back += self.latest - seconds;
        }
        self.latest = self.latest.max(seconds);
        self.latest
    }
}

impl Default for AdaptiveLimiter {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for AdaptiveLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdaptiveLimiter")
            .field("rate", &self.rate())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
