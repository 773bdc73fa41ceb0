//! Makes breakers: const setters that panic on a bad constant, and their twins for numbers known only at
//! run time.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use super::circuit_breaker::CircuitBreaker;
use super::config::{BreakerConfig, Window};
use super::error::BreakerError;
use super::machine::Machine;
use crate::report::metrics::CircuitMetrics;
use crate::text::circuit_name::CircuitName;

/// Constructors and setters.
impl CircuitBreaker {
    /// Makes a closed circuit that opens for 60 s after 5 failures in a row, then admits one trial call,
    /// and closes when that succeeds. `name` is its name in logs, metrics and errors.
    ///
    /// [`CircuitBreaker::named`] takes a name known only at run time.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self::unchecked(None, CircuitName::new(name), BreakerConfig::DEFAULT)
    }

    /// Like [`CircuitBreaker::new`], for a name known only at run time: a `String`, or an
    /// `Arc<str>`. Dropping the breaker frees all of it.
    ///
    /// With the feature `metrics`, each name is a label of its own, and a recorder keeps every label
    /// that it has received: for many names, as of hosts or tenants, use
    /// [`CircuitBreakers`](crate::CircuitBreakers), which share one label.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use retry_core::CircuitBreaker;
    ///
    /// let region = "eu-west-1";
    /// let breaker = Arc::new(CircuitBreaker::named(format!("queue {region}")));
    /// breaker.force_open();
    /// let rejected = breaker.try_acquire().unwrap_err();
    /// assert_eq!(rejected.to_string(), "circuit queue eu-west-1 is open until it is reset");
    /// ```
    #[must_use]
    pub fn named(name: impl Into<CircuitName>) -> Self {
        Self::unchecked(None, name.into(), BreakerConfig::DEFAULT)
    }

    /// Makes a closed circuit for `key`, configured like this one; metrics use this one's name.
    pub(crate) fn of_key(&self, key: &str) -> Self {
        let name = CircuitName::from(format!("{}/{key}", self.name));
        let mut made = Self::unchecked(self.class, name, self.config);
        made.metrics = self.metrics.of_member(self.labels());
        made
    }

    /// Makes a breaker from a configuration that has been validated.
    pub(super) const fn unchecked(
        class: Option<&'static str>,
        name: CircuitName,
        config: BreakerConfig,
    ) -> Self {
        Self {
            name,
            class,
            config,
            machine: Machine::new(AtomicU64::new(0), AtomicU64::new(0)),
            window: OnceLock::new(),
            disputed: AtomicBool::new(false),
            listed: AtomicBool::new(false),
            metrics: CircuitMetrics::new(),
        }
    }

    /// Sets the failures in a row that open the circuit if no window is set. Default 5.
    ///
    /// # Panics
    ///
    /// If it is 0; in a `const` or `static` this is a compile error.
    #[must_use]
    pub const fn with_failure_threshold(mut self, failures: u32) -> Self {
        self.config.failure_threshold = failures;
        self.checked()
    }

    /// Like [`CircuitBreaker::with_failure_threshold`], for a number known only at run time.
    ///
    /// # Errors
    ///
    /// [`BreakerError::FailureThreshold`].
    pub fn try_with_failure_threshold(mut self, failures: u32) -> Result<Self, BreakerError> {
        self.config.failure_threshold = failures;
        self.tried()
    }

    /// Sets the time for which the circuit stays open before a call may try, spread by up to a
    /// tenth to either side. Default 60 s; rounded up to the millisecond, and limited to 17 years.
    ///
    /// # Panics
    ///
    /// If it is 0.
    #[must_use]
    pub const fn with_recovery_timeout(mut self, timeout: Duration) -> Self {
        self.config.recovery_timeout = timeout;
        self.checked()
    }

    /// Like [`CircuitBreaker::with_recovery_timeout`], for a wait known only at run time.
    ///
    /// # Errors
    ///
    /// [`BreakerError::RecoveryTimeout`].
    pub fn try_with_recovery_timeout(mut self, timeout: Duration) -> Result<Self, BreakerError> {
        self.config.recovery_timeout = timeout;
        self.tried()
    }

    /// Opens by the share of failures in the last `calls` calls (1 to 10 000), from `failure_rate` (over
    /// 0, at most 1), instead of by failures in a row.
    ///
    /// Every verdict is then recorded, and the whole window counted: under 0.1 µs a call for a hundred
    /// calls, a few µs for ten thousand.
    ///
    /// # Panics
    ///
    /// If either is out of its range.
    #[must_use]
    pub const fn with_count_window(mut self, calls: u32, failure_rate: f64) -> Self {
        self.config.window = Some(Window::Calls(calls));
        self.config.failure_rate = failure_rate;
        self.checked()
    }

    /// Like [`CircuitBreaker::with_count_window`], for numbers known only at run time.
    ///
    /// # Errors
    ///
    /// [`BreakerError::CountWindow`] or [`BreakerError::FailureRate`].
    pub fn try_with_count_window(
        mut self,
        calls: u32,
        failure_rate: f64,
    ) -> Result<Self, BreakerError> {
        self.config.window = Some(Window::Calls(calls));
        self.config.failure_rate = failure_rate;
        self.tried()
    }

    /// Opens by the share of failures among the calls that ended in the last `length` (10 ms or longer,
    /// held in ten parts), from `failure_rate` (over 0, at most 1), instead of by failures in a row. A
    /// part counts its first 262 143 calls, which represent the rest.
    ///
    /// ```
    /// use std::time::Duration;
    /// use retry_core::{CircuitBreaker, CircuitState};
    ///
    /// // Open when half of at least 4 calls of the last 30 s failed, or 9 of 10 took over 2 s.
    /// let breaker = CircuitBreaker::new("search")
    ///     .with_time_window(Duration::from_secs(30), 0.5)
    ///     .with_minimum_calls(4)
    ///     .with_slow_call(Duration::from_secs(2), 0.9);
    /// for failed in [false, true, false, true] {
    ///     let permit = breaker.try_acquire()?;
    ///     if failed { permit.fail() } else { permit.succeed() }
    /// }
    /// assert_eq!(breaker.state(), CircuitState::Open);
    /// # Ok::<(), retry_core::CircuitOpen>(())
    /// ```
    ///
    /// # Panics
    ///
    /// If either is out of its range.
    #[must_use]
    pub const fn with_time_window(mut self, length: Duration, failure_rate: f64) -> Self {
        self.config.window = Some(Window::Time(length));
        self.config.failure_rate = failure_rate;
        self.checked()
    }

    /// Like [`CircuitBreaker::with_time_window`], for values known only at run time.
    ///
    /// # Errors
    ///
    /// [`BreakerError::TimeWindow`] or [`BreakerError::FailureRate`].
    pub fn try_with_time_window(
        mut self,
        length: Duration,
        failure_rate: f64,
    ) -> Result<Self, BreakerError> {
        self.config.window = Some(Window::Time(length));
        self.config.failure_rate = failure_rate;
        self.tried()
    }

    /// Sets the calls that the window must hold before its rates count. Default 10; for a smaller count
    /// window, the whole window.
    ///
    /// # Panics
    ///
    /// If it is 0, or no window is set yet.
    #[must_use]
    pub const fn with_minimum_calls(mut self, calls: u32) -> Self {
        assert!(
            self.config.window.is_some(),
            "{}",
            BreakerError::NoWindow.rule()
        );
        self.config.minimum_calls = calls;
        self.checked()
    }

    /// Like [`CircuitBreaker::with_minimum_calls`], for a number known only at run time.
    ///
    /// # Errors
    ///
    /// [`BreakerError::MinimumCalls`] or [`BreakerError::NoWindow`].
    pub fn try_with_minimum_calls(mut self, calls: u32) -> Result<Self, BreakerError> {
        if self.config.window.is_none() {
            return Err(BreakerError::NoWindow);
        }
        self.config.minimum_calls = calls;
        self.tried()
    }

    /// Also opens by the share of slow calls in the window, from `slow_call_rate` (over 0, at most 1). A
    /// call, failed or not, that took longer than `slow_call` (a millisecond or more, in whole
    /// milliseconds) is slow. While half open, a slow success counts as a failure.
    ///
    /// # Panics
    ///
    /// If either is out of its range, or no window is set yet.
    #[must_use]
    pub const fn with_slow_call(mut self, slow_call: Duration, slow_call_rate: f64) -> Self {
        self.config.slow_call = Some(slow_call);
        self.config.slow_call_rate = slow_call_rate;
        self.checked()
    }

    /// Like [`CircuitBreaker::with_slow_call`], for values known only at run time.
    ///
    /// # Errors
    ///
    /// [`BreakerError::SlowCall`], [`BreakerError::SlowCallRate`] or [`BreakerError::NoWindow`].
    pub fn try_with_slow_call(
        mut self,
        slow_call: Duration,
        slow_call_rate: f64,
    ) -> Result<Self, BreakerError> {
        self.config.slow_call = Some(slow_call);
        self.config.slow_call_rate = slow_call_rate;
        self.tried()
    }

    /// Sets the calls that may try at a time while the circuit is half open. Default 1; at most a
    /// million.
    ///
    /// # Panics
    ///
    /// If it is out of its range.
    #[must_use]
    pub const fn with_half_open_permits(mut self, permits: u32) -> Self {
        self.config.half_open_permits = permits;
        self.checked()
    }

    /// Like [`CircuitBreaker::with_half_open_permits`], for a number known only at run time.
    ///
    /// # Errors
    ///
    /// [`BreakerError::HalfOpenPermits`].
    pub fn try_with_half_open_permits(mut self, permits: u32) -> Result<Self, BreakerError> {
        self.config.half_open_permits = permits;
        self.tried()
    }

    /// Sets the successes of trial calls that close a half-open circuit; a single failure opens it
    /// again. Default 1; at most a million.
    ///
    /// # Panics
    ///
    /// If it is out of its range.
    #[must_use]
    pub const fn with_success_threshold(mut self, successes: u32) -> Self {
        self.config.success_threshold = successes;
        self.checked()
    }

    /// Like [`CircuitBreaker::with_success_threshold`], for a number known only at run time.
    ///
    /// # Errors
    ///
    /// [`BreakerError::SuccessThreshold`].
    pub fn try_with_success_threshold(mut self, successes: u32) -> Result<Self, BreakerError> {
        self.config.success_threshold = successes;
        self.tried()
    }

    const fn checked(self) -> Self {
        if let Err(error) = self.config.validate() {
            panic!("{}", error.rule());
        }
        self
    }

    fn tried(self) -> Result<Self, BreakerError> {
        self.config.validate().map(|()| self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn setters_do_what_their_twins_do() {
        let constant = CircuitBreaker::new("all")
            .with_failure_threshold(7)
            .with_recovery_timeout(SECOND)
            .with_time_window(SECOND * 30, 0.25)
            .with_minimum_calls(20)
            .with_slow_call(SECOND * 2, 0.75)
            .with_half_open_permits(3)
            .with_success_threshold(4);
        let expected = BreakerConfig {
            failure_threshold: 7,
            recovery_timeout: SECOND,
            window: Some(Window::Time(SECOND * 30)),
            failure_rate: 0.25,
            minimum_calls: 20,
            slow_call: Some(SECOND * 2),
            slow_call_rate: 0.75,
            half_open_permits: 3,
            success_threshold: 4,
        };
        assert_eq!(constant.config, expected);
        let tried = CircuitBreaker::new("all")
            .try_with_failure_threshold(7)
            .and_then(|breaker| breaker.try_with_recovery_timeout(SECOND))
            .and_then(|breaker| breaker.try_with_time_window(SECOND * 30, 0.25))
            .and_then(|breaker| breaker.try_with_minimum_calls(20))
            .and_then(|breaker| breaker.try_with_slow_call(SECOND * 2, 0.75))
            .and_then(|breaker| breaker.try_with_half_open_permits(3))
            .and_then(|breaker| breaker.try_with_success_threshold(4))
            .expect("all in range");
        assert_eq!(tried.config, expected);
        let calls = CircuitBreaker::new("calls").with_count_window(50, 0.1);
        let tried = CircuitBreaker::new("calls").try_with_count_window(50, 0.1);
        assert_eq!(calls.config, tried.expect("in range").config);
        assert_eq!(calls.config.window, Some(Window::Calls(50)));
        for early in [
            CircuitBreaker::new("early").try_with_minimum_calls(5),
            CircuitBreaker::new("early").try_with_slow_call(SECOND, 0.5),
        ] {
            assert_eq!(early.expect_err("no window yet"), BreakerError::NoWindow);
        }
    }

    #[test]
    #[should_panic(expected = "slow_call and minimum_calls need a window")]
    fn minimum_calls_without_a_window_would_be_ignored() {
        let _ = CircuitBreaker::new("early").with_minimum_calls(5);
    }
}
