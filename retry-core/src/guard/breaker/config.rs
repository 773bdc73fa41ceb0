//! [`BreakerConfig`]: all settings of a breaker, as plain numbers, so that a layer of settings can
//! replace a single one.

use std::time::Duration;

use super::error::BreakerError;
use super::ranges;

/// The verdicts over which a rate is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The last calls, this many.
    Calls(u32),
    /// The calls of the last time window, exact to a tenth of it.
    Time(Duration),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BreakerConfig {
    /// Failures in a row that open the circuit. Used if there is no window.
    pub(crate) failure_threshold: u32,
    /// Length of the open state, spread by a tenth to either side.
    pub(crate) recovery_timeout: Duration,
    pub(crate) window: Option<Window>,
    /// Share of failures in the window that opens the circuit.
    pub(crate) failure_rate: f64,
    /// Calls that the window must hold before a rate counts; the whole window, if it holds fewer.
    pub(crate) minimum_calls: u32,
    /// A call that took longer is slow. Needs a window.
    pub(crate) slow_call: Option<Duration>,
    /// Share of slow calls in the window that opens the circuit.
    pub(crate) slow_call_rate: f64,
    /// Calls that may try at a time while half open.
    pub(crate) half_open_permits: u32,
    /// Successes that close the circuit.
    pub(crate) success_threshold: u32,
}

impl BreakerConfig {
    /// 5 failures in a row, 60 s, one trial call, one success.
    pub(crate) const DEFAULT: Self = Self {
        failure_threshold: 5,
        recovery_timeout: Duration::from_secs(60),
        window: None,
        failure_rate: 0.5,
        minimum_calls: 10,
        slow_call: None,
        slow_call_rate: 1.0,
        half_open_permits: 1,
        success_threshold: 1,
    };

    /// # Errors
    ///
    /// The first number that is out of its range.
    pub(crate) const fn validate(&self) -> Result<(), BreakerError> {
        if self.failure_threshold == 0 {
            return Err(BreakerError::FailureThreshold { value: 0 });
        }
        if self.recovery_timeout.is_zero() {
            return Err(BreakerError::RecoveryTimeout);
        }
        match self.window {
            Some(Window::Calls(value)) if value == 0 || value > ranges::MAX_CALLS => {
                return Err(BreakerError::CountWindow { value });
            }
            Some(Window::Time(value)) if shorter(value, ranges::MIN_WINDOW) => {
                return Err(BreakerError::TimeWindow { value });
            }
            None if self.slow_call.is_some() => return Err(BreakerError::NoWindow),
            _ => {}
        }
        if !is_rate(self.failure_rate) {
            return Err(BreakerError::FailureRate {
                value: self.failure_rate,
            });
        }
        if self.minimum_calls == 0 {
            return Err(BreakerError::MinimumCalls { value: 0 });
        }
        if let Some(value) = self.slow_call
            && shorter(value, ranges::MIN_SLOW_CALL)
        {
            return Err(BreakerError::SlowCall { value });
        }
        if !is_rate(self.slow_call_rate) {
            return Err(BreakerError::SlowCallRate {
                value: self.slow_call_rate,
            });
        }
        if !is_trials(self.half_open_permits) {
            return Err(BreakerError::HalfOpenPermits {
                value: self.half_open_permits,
            });
        }
        if !is_trials(self.success_threshold) {
            return Err(BreakerError::SuccessThreshold {
                value: self.success_threshold,
            });
        }
        Ok(())
    }

    /// Returns the longest open time that can be drawn, with the rounding to milliseconds.
    pub(super) const fn longest_open(&self) -> Duration {
        let spread = self
            .recovery_timeout
            .saturating_add(Duration::from_nanos(tenth(nanos(self.recovery_timeout))));
        spread.saturating_add(Duration::from_millis(2))
    }

    /// Returns the open time's bounds in nanoseconds: a tenth to either side, so that the clients of one
    /// dependency do not all come back at once.
    pub(super) const fn open_nanos(&self) -> (u64, u64) {
        let middle = nanos(self.recovery_timeout);
        (middle - tenth(middle), middle.saturating_add(tenth(middle)))
    }

    /// Returns the calls that a window must hold before it is judged.
    pub(super) fn enough_calls(&self) -> u32 {
        match self.window {
            Some(Window::Calls(calls)) => self.minimum_calls.min(calls),
            _ => self.minimum_calls,
        }
    }
}

const fn tenth(nanos: u64) -> u64 {
    nanos / 10
}

const fn nanos(duration: Duration) -> u64 {
    let nanos = duration.as_nanos();
    if nanos > u64::MAX as u128 {
        u64::MAX
    } else {
        nanos as u64
    }
}

const fn shorter(one: Duration, other: Duration) -> bool {
    one.as_nanos() < other.as_nanos()
}

/// Not-a-number is not a rate either.
const fn is_rate(rate: f64) -> bool {
    rate > 0.0 && rate <= 1.0
}

const fn is_trials(number: u32) -> bool {
    number > 0 && number <= ranges::MAX_TRIALS
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: BreakerConfig = BreakerConfig::DEFAULT;

    fn refused(change: impl FnOnce(&mut BreakerConfig)) -> String {
        let mut config = DEFAULT;
        change(&mut config);
        let error = config.validate().expect_err("out of its range");
        // The panic of a const setter names the same field, without the value.
        let field = error.to_string();
        let field = field.split(' ').next().expect("a word").to_owned();
        assert!(
            error.rule().contains(&field) || error.rule().contains("window"),
            "{error}: {}",
            error.rule()
        );
        error.to_string()
    }

    #[test]
    fn says_what_is_out_of_range() {
        assert_eq!(DEFAULT.validate(), Ok(()));
        assert_eq!(
            refused(|config| config.failure_threshold = 0),
            "failure_threshold is 0; it must be at least 1"
        );
        assert_eq!(
            refused(|config| config.recovery_timeout = Duration::ZERO),
            "recovery_timeout is 0; it must be more than 0"
        );
        for calls in [0, 10_001] {
            assert_eq!(
                refused(|config| config.window = Some(Window::Calls(calls))),
                format!("count window is {calls} calls; it must be from 1 to 10000")
            );
        }
        assert_eq!(
            refused(|config| config.window = Some(Window::Time(Duration::from_millis(9)))),
            "time window is 9ms; it must be at least 10ms"
        );
        for rate in [0.0, -0.5, 1.5, f64::NAN, f64::INFINITY] {
            assert_eq!(
                refused(|config| config.failure_rate = rate),
                format!("failure_rate is {rate}; it must be more than 0 and at most 1")
            );
            assert_eq!(
                refused(|config| config.slow_call_rate = rate),
                format!("slow_call_rate is {rate}; it must be more than 0 and at most 1")
            );
        }
        assert_eq!(
            refused(|config| config.minimum_calls = 0),
            "minimum_calls is 0; it must be at least 1"
        );
        assert_eq!(
            refused(|config| config.slow_call = Some(Duration::from_secs(1))),
            "slow_call and minimum_calls need a window; set a count or time window first"
        );
        assert_eq!(
            refused(|config| {
                config.window = Some(Window::Calls(10));
                config.slow_call = Some(Duration::from_micros(999));
            }),
            "slow_call is <1ms; it must be at least 1ms"
        );
        for number in [0, 1_000_001] {
            assert_eq!(
                refused(|config| config.half_open_permits = number),
                format!("half_open_permits is {number}; it must be from 1 to 1000000")
            );
            assert_eq!(
                refused(|config| config.success_threshold = number),
                format!("success_threshold is {number}; it must be from 1 to 1000000")
            );
        }
    }

    #[test]
    fn no_open_time_overflows() {
        for timeout in [
            Duration::from_nanos(1),
            Duration::from_secs(60),
            Duration::MAX,
        ] {
            let config = BreakerConfig {
                recovery_timeout: timeout,
                ..DEFAULT
            };
            let (least, most) = config.open_nanos();
            assert!(least > 0 && least <= most);
            assert!(Duration::from_nanos(most) <= config.longest_open());
        }
    }
}
