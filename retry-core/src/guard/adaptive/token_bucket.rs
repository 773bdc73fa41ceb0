//! [`TokenBucket`]: tokens that drip at a variable rate.

use std::time::Duration;

/// Calls a second that are always allowed: without any call, the end of throttling stays unknown.
const LEAST_RATE: f64 = 0.5;

/// The smallest capacity: with less, no call could ever be paid.
const LEAST_CAPACITY: f64 = 1.0;

/// Tolerance for sums of fractions that fall short of a whole token.
const ROUNDING: f64 = 1e-9;

/// A token bucket: a call costs one token, and the bucket holds the tokens of one second.
#[derive(Clone, Copy, Debug)]
pub(super) struct TokenBucket {
    /// Tokens a second.
    rate: f64,
    capacity: f64,
    held: f64,
    /// Time at which `held` was exact, in seconds.
    filled_at: f64,
}

impl TokenBucket {
    /// Makes an empty bucket, at one token a second.
    pub(super) const fn new() -> Self {
        Self {
            rate: 1.0,
            capacity: LEAST_CAPACITY,
            held: 0.0,
            filled_at: 0.0,
        }
    }

    pub(super) const fn rate(&self) -> f64 {
        self.rate
    }

    /// Sets the drip rate from now on. Tokens above a smaller capacity are lost.
    pub(super) fn set_rate(&mut self, rate: f64, seconds: f64) {
        self.fill(seconds);
        self.rate = rate.max(LEAST_RATE);
        self.capacity = rate.max(LEAST_CAPACITY);
    }

    /// Takes one token, or returns the time until there is one.
    pub(super) fn take(&mut self, seconds: f64) -> Option<Duration> {
        self.fill(seconds);
        let missing = 1.0 - self.held;
        if missing > ROUNDING {
            // Rounded up, so that a token is there after exactly this wait.
            let wait = Duration::from_secs_f64(missing / self.rate);
            return Some(wait + Duration::from_nanos(1));
        }
        self.held = (self.held - 1.0).max(0.0);
        None
    }

    fn fill(&mut self, seconds: f64) {
        let dripped = (seconds - self.filled_at) * self.rate;
        self.held = (self.held + dripped).min(self.capacity);
        self.filled_at = seconds;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a bucket after a second at `rate`, which fills it.
    fn full(rate: f64) -> TokenBucket {
        let mut bucket = TokenBucket::new();
        bucket.set_rate(rate, 0.0);
        bucket.fill(1.0);
        bucket
    }

    #[test]
    fn a_second_of_tokens_is_kept_and_no_more() {
        let mut bucket = full(10.0);
        bucket.fill(3_600.0);
        let taken = (0..).take_while(|_| bucket.take(3_600.0).is_none()).count();
        assert_eq!(taken, 10);
    }

    #[test]
    fn what_dripped_before_a_change_dripped_at_the_old_rate() {
        let mut bucket = TokenBucket::new();
        bucket.set_rate(10.0, 0.5);
        assert!(bucket.take(0.5).is_some(), "half a token");
        assert_eq!(bucket.take(0.55), None, "and half a token more");
    }

    // Botocore's `test_bucket.py`: calls at the rate pass, an early one waits.

    #[test]
    fn calls_at_the_rate_never_wait() {
        let mut bucket = full(10.0);
        for call in 0..200 {
            assert_eq!(
                bucket.take(1.0 + 0.1 * f64::from(call)),
                None,
                "call {call}"
            );
        }
    }

    #[test]
    fn whoever_comes_early_is_told_how_long() {
        let mut bucket = TokenBucket::new();
        bucket.set_rate(10.0, 0.0);
        assert_eq!(bucket.take(0.1), None);
        let wait = bucket.take(0.15).expect("half a token is missing");
        assert!(wait.as_secs_f64() > 0.05 && wait.as_secs_f64() < 0.050_001);
        assert_eq!(bucket.take(0.15 + wait.as_secs_f64()), None);
        assert!(bucket.take(0.2).is_some(), "and it was taken");
    }

    #[test]
    fn a_lower_rate_holds_less_and_never_under_one() {
        let mut bucket = full(10.0);
        bucket.set_rate(1.0, 1.0);
        assert_eq!(bucket.take(1.0), None);
        assert!(bucket.take(1.0).is_some(), "nine were lost");
        bucket.set_rate(0.1, 1.0);
        assert_eq!(bucket.rate(), LEAST_RATE);
        assert_eq!(bucket.take(3.0), None, "two seconds at a half");
    }
}
