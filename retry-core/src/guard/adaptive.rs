//! [`AdaptiveLimiter`]: slows calls down to what the other side takes.
//!
//! It is the client-side rate limiter of the AWS SDKs' adaptive retry mode (botocore,
//! `retries/adaptive.py`; `client_rate_limiter.rs` of smithy-rs), with their constants and their
//! published sequences for tests. Where the two differ, botocore is followed: a retry costs no more
//! than a first attempt does.

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

/// A limit on calls a second that finds itself: it comes down when the other side throttles, and
/// goes up again while it does not.
///
/// It does nothing until the first throttling error (see
/// [`Judgement::is_throttle`](crate::Judgement::is_throttle)), but measures how many calls a second are
/// made. That error sets the limit to 0.7 times this rate. From then on every attempt, a first one
/// too, waits for its turn, and the limit follows a cubic curve back to where it was, and then beyond;
/// it never exceeds twice the measured rate, and never falls under one call in two seconds.
///
/// One limiter belongs to one thing that throttles: a service, an account, a table. It can be a
/// `static`, which the attributes take as `adaptive = NAME`:
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
    /// Whether calls wait for their turn; once they do, they always will.
    throttling: AtomicBool,
    /// Calls that have ended. While nothing is throttled they are counted here, and the rest is
    /// looked at twice a second.
    ended: Stripes,
    /// The half second in which that was last done.
    half_second: AtomicI64,
    /// When the first call ended.
    origin: OnceLock<Instant>,
    state: Mutex<State>,
}

struct State {
    pace: Pace,
    /// Of `ended`, what `pace` has heard of.
    heard: u64,
    /// The latest time that was seen, in seconds after the origin.
    latest: f64,
    /// By how much the clock went back, in seconds.
    went_back: f64,
}

impl AdaptiveLimiter {
    /// A limiter that has not seen a call.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            throttling: AtomicBool::new(false),
            ended: Stripes::new(),
            half_second: AtomicI64::new(i64::MIN),
            origin: OnceLock::new(),
            state: Mutex::new(State {
                pace: Pace::new(),
                heard: 0,
                latest: 0.0,
                went_back: 0.0,
            }),
        }
    }

    /// Calls a second that are allowed now, at least 0.5; `None` before the first throttling error,
    /// while nothing is limited.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        self.is_throttling().then(|| self.state().pace.rate())
    }

    /// Whether there has been a throttling error: calls wait for their turn from then on.
    #[must_use]
    #[inline]
    pub fn is_throttling(&self) -> bool {
        self.throttling.load(Ordering::Acquire)
    }

    /// Lets an attempt begin, which is `None`; or says after how long to ask again, nothing being
    /// taken then.
    #[inline]
    pub(crate) fn delay_at(&self, now: Instant) -> Option<Duration> {
        if self.is_throttling() {
            self.take(now)
        } else {
            None
        }
    }

    /// Hears of an attempt that ended, in whatever way but throttled.
    #[inline]
    pub(crate) fn on_success_at(&self, now: Instant) {
        self.ended.add_one();
        let half_second = self.half_second.load(Ordering::Relaxed);
        if self.is_throttling() || half_second != self.half_second_of(now) {
            self.hear(false, now);
        }
    }

    /// Hears of an attempt that was throttled.
    pub(crate) fn on_throttle_at(&self, now: Instant) {
        self.ended.add_one();
        self.hear(true, now);
    }

    fn take(&self, now: Instant) -> Option<Duration> {
        let seconds = self.seconds(now);
        let mut state = self.state();
        let seconds = state.forward(seconds);
        state.pace.take(seconds)
    }

    #[cold]
    fn hear(&self, throttled: bool, now: Instant) {
        let (seconds, half_second) = (self.seconds(now), self.half_second_of(now));
        let mut state = self.state();
        let seconds = state.forward(seconds);
        let ended = self.ended.sum();
        let calls = ended.saturating_sub(state.heard);
        state.heard = ended.max(state.heard);
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

    /// Since the origin; under 0 before it, where the clock went back.
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
    /// The time, which only goes forward. A thread that was held up is taken for now; a clock that
    /// went back by more than a second is followed from there on, or nothing would drip until it
    /// caught up.
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
