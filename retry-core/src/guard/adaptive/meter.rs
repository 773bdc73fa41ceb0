//! [`Meter`]: smoothed rate of calls a second.

/// Weight of the newest time span against all before it.
const WEIGHT: f64 = 0.8;

/// Time spans a second: calls are counted by half seconds.
const SPANS: f64 = 2.0;

/// Counts calls that have ended, as the AWS SDKs do.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Meter {
    /// Calls a second.
    rate: f64,
    /// Calls since `span`.
    calls: f64,
    /// Start of the half second that was last measured, in seconds.
    span: f64,
}

impl Meter {
    pub(super) const fn new() -> Self {
        Self {
            rate: 0.0,
            calls: 0.0,
            span: 0.0,
        }
    }

    /// Counts `calls`, the last of which ended at `seconds`, and returns the rate. The rate is measured
    /// anew when the first call of another half second has ended.
    pub(super) fn record(&mut self, calls: u64, seconds: f64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "calls of one half second")]
        let calls = calls as f64;
        self.calls += calls;
        let span = (seconds * SPANS).floor() / SPANS;
        if span > self.span {
            let rate = self.calls / (span - self.span);
            self.rate = rate * WEIGHT + self.rate * (1.0 - WEIGHT);
            (self.calls, self.span) = (0.0, span);
        }
        self.rate
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the rate after one call at each of these times.
    fn measured(times: impl IntoIterator<Item = f64>) -> f64 {
        let mut meter = Meter::new();
        times
            .into_iter()
            .fold(0.0, |_, seconds| meter.record(1, seconds))
    }

    // Botocore's `test_adaptive.py`.

    #[test]
    fn half_seconds_are_grouped() {
        let first = [0.1, 0.2, 0.3, 0.4, 0.49];
        assert_eq!(measured(first), 0.0, "the first half second is not over");
        let rate = measured(first.into_iter().chain([0.5]));
        assert!((rate - 12.0 * 0.8).abs() <= 1e-9, "{rate}");
    }

    #[test]
    fn a_constant_rate_is_found() {
        assert_eq!(measured([1.0]), 0.8);
        let rate = measured((1..=20).map(f64::from));
        assert!((rate - 1.0).abs() <= 1e-9, "{rate}");
        assert!(measured([1.0, 1.0, 1.0, 2.0, 3.0]) >= 1.0);
    }

    #[test]
    fn recent_spans_weigh_more() {
        let two_a_second = [1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0];
        let rate = measured(two_a_second);
        assert!((1.99..=2.0).contains(&rate), "{rate}");
        // Ten seconds without a call: 0.1 a second at weight 0.8.
        let slower = measured(two_a_second.into_iter().chain([14.0]));
        assert!(
            (slower - (0.1 * 0.8 + rate * 0.2)).abs() <= 1e-9,
            "{slower}"
        );
    }
}
