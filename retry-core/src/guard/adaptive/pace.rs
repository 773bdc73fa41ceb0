//! [`Pace`]: meter, curve and tokens together, as plain functions of the elapsed seconds.

use std::time::Duration;

use super::cubic::Cubic;
use super::meter::Meter;
use super::token_bucket::TokenBucket;

/// Highest allowed rate as a multiple of the measured one: a client that makes few calls learns nothing
/// about the other side's limit.
const MOST_AHEAD: f64 = 2.0;

#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    meter: Meter,
    cubic: Cubic,
    bucket: TokenBucket,
    throttling: bool,
}

impl Pace {
    pub(super) const fn new() -> Self {
        Self {
            meter: Meter::new(),
            cubic: Cubic::new(),
            bucket: TokenBucket::new(),
            throttling: false,
        }
    }

    /// Records `calls`, the last of which ended now, throttled or not.
    pub(super) fn ended(&mut self, calls: u64, throttled: bool, seconds: f64) {
        let measured = self.meter.record(calls, seconds);
        let allowed = if throttled {
            let rate = if self.throttling {
                measured.min(self.bucket.rate())
            } else {
                measured
            };
            self.throttling = true;
            self.cubic.throttled(rate, seconds)
        } else {
            self.cubic.rate(seconds)
        };
        let allowed = allowed.min(MOST_AHEAD * measured);
        self.bucket.set_rate(allowed, seconds);
    }

    /// Takes a token for a call, or returns the wait for one.
    pub(super) fn take(&mut self, seconds: f64) -> Option<Duration> {
        self.bucket.take(seconds)
    }

    /// Returns the allowed calls a second.
    pub(super) const fn rate(&self) -> f64 {
        self.bucket.rate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `test_client_sending_rates` of the AWS SDK for Rust (and for Go): a call every 200 ms; whether it
    /// was throttled, the measured rate, the allowed rate.
    const PUBLISHED: [(bool, f64, f64); 17] = [
        (false, 0.0, 0.5),
        (false, 0.0, 0.5),
        (false, 4.8, 0.5),
        (false, 4.8, 0.5),
        (false, 4.16, 0.5),
        (false, 4.16, 0.6912),
        (false, 4.16, 1.0976),
        (false, 5.632, 1.6384),
        (false, 5.632, 2.3328),
        (true, 4.3264, 3.02848),
        (false, 4.3264, 3.486_639_173_470_26),
        (false, 4.3264, 3.821_874_416_040_255),
        (false, 5.665_28, 4.053_385_727_709_987),
        (false, 5.665_28, 4.200_373_108_479_454),
        (false, 4.333_056, 4.282_036_558_348_658),
        (true, 4.333_056, 2.997_425_590_844_06),
        (false, 4.333_056, 3.452_226_394_386_346_3),
    ];

    #[test]
    fn the_published_sequence() {
        let mut pace = Pace::new();
        for (call, (throttled, measured, allowed)) in (1..).zip(PUBLISHED) {
            let seconds = f64::from(call) * 0.2;
            pace.ended(1, throttled, seconds);
            let found = pace.meter.record(0, seconds);
            assert!(
                (found - measured).abs() <= 1e-9,
                "{found} measured at {seconds}"
            );
            let found = pace.rate();
            assert!(
                (found - allowed).abs() <= 1e-9,
                "{found} allowed at {seconds}"
            );
        }
    }

    #[test]
    fn the_rate_stays_within_twice_the_measured_and_half_a_call() {
        let mut pace = Pace::new();
        let mut ahead = 0;
        for call in 0..2_000 {
            let seconds = f64::from(call) * 0.1;
            pace.ended(1, call == 100, seconds);
            let most = 2.0 * pace.meter.record(0, seconds);
            assert!(pace.rate() >= 0.5 && pace.rate() <= most.max(0.5));
            ahead += u32::from(pace.rate().to_bits() == most.to_bits());
        }
        assert!(ahead > 1_000, "the curve passes any rate in the end");
        (0..100).for_each(|_| pace.ended(1, true, 200.0));
        assert_eq!(pace.rate(), 0.5);
    }
}
