//! [`Cubic`]: the allowed rate as a function of the time since the last throttling.

/// Factor on the rate after a throttling error.
const BETA: f64 = 0.7;

/// Steepness of the growth: calls a second, by the third power of seconds.
const SCALE: f64 = 0.4;

/// The curve of the AWS SDKs' client-side rate limiter, after the TCP congestion control CUBIC (RFC
/// 9438): `0.4 × (t - K)³ + Wmax`, where `K = ∛(Wmax × 0.3 / 0.4)`, so that it begins at `0.7 × Wmax`,
/// stays near Wmax for a while and then probes for more.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cubic {
    /// Calls a second at the last throttling.
    max_rate: f64,
    /// Time of the last throttling, in seconds.
    throttled_at: f64,
}

impl Cubic {
    /// Makes a curve without any throttling.
    pub(super) const fn new() -> Self {
        Self {
            max_rate: 0.0,
            throttled_at: 0.0,
        }
    }

    /// Returns the rate after a throttling error at `rate` calls a second.
    pub(super) fn throttled(&mut self, rate: f64, seconds: f64) -> f64 {
        self.max_rate = rate;
        self.throttled_at = seconds;
        rate * BETA
    }

    /// Returns the allowed rate at `seconds`.
    pub(super) fn rate(&self, seconds: f64) -> f64 {
        let back_at_max = (self.max_rate * (1.0 - BETA) / SCALE).cbrt();
        let past = seconds - self.throttled_at - back_at_max;
        SCALE * past.powi(3) + self.max_rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, expected: f64) {
        assert!(
            (found - expected).abs() <= 1e-9,
            "{found} is not {expected}"
        );
    }

    // The two sequences are those of the AWS SDKs for Go and Rust (`adaptive_ratelimit_test.go`,
    // `client_rate_limiter.rs`).

    #[test]
    fn grows_back_and_beyond() {
        let mut cubic = Cubic::new();
        close(cubic.throttled(10.0, 5.0), 7.0);
        for (seconds, rate) in [
            (5.0, 7.0),
            (6.0, 9.648_936_009_66),
            (7.0, 10.000_030_849_917_364),
            (8.0, 10.453_284_520_772_092),
            (9.0, 13.408_697_022_224_185),
            (10.0, 21.266_268_354_273_64),
            (11.0, 36.425_998_516_920_465),
        ] {
            close(cubic.rate(seconds), rate);
        }
    }

    #[test]
    fn throttled_again_on_the_way() {
        let mut cubic = Cubic::new();
        cubic.throttled(10.0, 5.0);
        for (seconds, rate) in [(5.0, 7.0), (6.0, 9.648_936_009_66)] {
            close(cubic.rate(seconds), rate);
        }
        // The published sequence uses the reduced rate as the rate that was throttled.
        let mut rate = cubic.rate(6.0);
        for (seconds, left) in [(7.0, 6.754_255_206_761_999), (8.0, 4.727_978_644_733_399)] {
            rate = cubic.throttled(rate, seconds);
            close(rate, left);
        }
        cubic.throttled(rate, 8.0);
        for (seconds, rate) in [
            (9.0, 4.670_125_557_970_046),
            (10.0, 4.770_870_456_867_401),
            (11.0, 6.011_819_748_005_445),
            (12.0, 10.792_973_431_384_178),
        ] {
            close(cubic.rate(seconds), rate);
        }
    }

    #[test]
    fn is_back_at_the_maximum_after_k() {
        // Botocore's `test_throttling.py`: K for 10 and for 8 calls a second.
        for (rate, k) in [
            (10.0, 1.957_433_820_584_431_7),
            (8.0, 1.817_120_592_832_139_7),
        ] {
            let mut cubic = Cubic::new();
            cubic.throttled(rate, 1.0);
            close(cubic.rate(1.0 + k), rate);
            assert!(cubic.rate(1.0 + k / 1.1) < rate && cubic.rate(1.0 + k * 1.1) > rate);
        }
    }
}
