//! [`RetryPolicy`]: number of attempts, waits between them, and guarantee.

use std::fmt;
use std::time::Duration;

use super::error::PolicyError;
use super::jitter::Jitter;
use crate::policy::growth::Growth;

/// The guarantee for an attempt whose outcome is unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ExecutionGuarantee {
    /// An attempt that may have taken effect is retried: the effect happens at least once.
    AtLeastOnce,
    /// An attempt that may have taken effect is not retried. That is every attempt without a proof that
    /// it did nothing ([`Judgement::is_not_applied`](crate::Judgement::is_not_applied)). The retry loop
    /// alone cannot promise more: it judges by the error that ends an attempt, and sees of retried calls
    /// inside the attempt only their final result. The gate of `retry-effects` extends the guarantee
    /// across duplicates, restarts and crashes.
    ExactlyOnce,
}

/// The rules by which a call is retried: immutable, `Copy`, and usable in a `const`.
///
/// A policy is validated when it is made. The `with_…` setters panic on a value that is not allowed,
/// which in a `const` is a compile error; the `try_with_…` twins return a [`PolicyError`]. A bound that
/// crosses the other one moves it: the last setter wins.
///
/// ```
/// use std::time::Duration;
/// use retry_core::{Jitter, RetryPolicy};
///
/// const POLICY: RetryPolicy = RetryPolicy::new(4)
///     .with_backoff_ms(200)
///     .with_exponential_backoff(true)
///     .with_jitter(Jitter::None);
///
/// let waits: Vec<Duration> = POLICY.waits(42).collect();
/// assert_eq!(waits, [200, 400, 800].map(Duration::from_millis));
/// ```
///
/// ```compile_fail
/// const NEVER: retry_core::RetryPolicy = retry_core::RetryPolicy::new(0);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RetryPolicy {
    max_attempts: u32,
    unlimited: bool,
    high_risk_immediate_fail: bool,
    execution_guarantee: ExecutionGuarantee,
    min_wait: Duration,
    max_wait: Duration,
    max_retry_after: Duration,
    growth: Growth,
    jitter: Jitter,
    /// Precomputed: the first retries that follow at once, because no wait is ever drawn and a failure
    /// needs no check but its verdict.
    retries_at_once: u8,
    /// Precomputed: the attempt whose failure then ends the call; 0 if none does.
    last_at_once: u32,
    /// In milliseconds, so that a policy is no larger for it; 0 if throttled attempts wait as the others do.
    throttled_min_wait: u32,
}

/// The most retries that take the engine's short path; later ones take the long path.
pub(crate) const MAX_RETRIES_AT_ONCE: u8 = 30;

const DEFAULT_MAX_WAIT: Duration = Duration::from_secs(10);
const DEFAULT_MAX_RETRY_AFTER: Duration = Duration::from_secs(60);
const DEFAULT_SPREAD: Duration = Duration::from_millis(50);
const NO_ATTEMPTS: &str = "max_attempts is 0; it must be at least 1";

/// Constructors and setters.
impl RetryPolicy {
    /// Makes a policy of `max_attempts` attempts in all (1 means no retry): no backoff but a spread of
    /// up to 50 ms, waits capped at 10 s, server hints at 60 s, at least once.
    ///
    /// # Panics
    ///
    /// If `max_attempts` is 0; in a `const` this is a compile error.
    #[must_use]
    pub const fn new(max_attempts: u32) -> Self {
        assert!(max_attempts > 0, "{}", NO_ATTEMPTS);
        Self {
            max_attempts,
            unlimited: false,
            high_risk_immediate_fail: false,
            execution_guarantee: ExecutionGuarantee::AtLeastOnce,
            min_wait: Duration::ZERO,
            max_wait: DEFAULT_MAX_WAIT,
            max_retry_after: DEFAULT_MAX_RETRY_AFTER,
            growth: Growth::Constant,
            jitter: Jitter::Additive(DEFAULT_SPREAD),
            retries_at_once: 0,
            last_at_once: 0,
            throttled_min_wait: 0,
        }
    }

    /// Recomputes what is precomputed.
    const fn settled(mut self) -> Self {
        let never_waits = self.max_wait.is_zero()
            || (self.min_wait.is_zero()
                && self.throttled_min_wait == 0
                && !matches!(self.jitter, Jitter::Additive(_))
                && !matches!(self.growth, Growth::Schedule(_)));
        // An effect that must not happen twice needs the full check after each failure.
        let is_plain = !self.high_risk_immediate_fail
            && matches!(self.execution_guarantee, ExecutionGuarantee::AtLeastOnce);
        let at_once = never_waits && is_plain;
        self.retries_at_once = match self.max_attempts - 1 {
            _ if !at_once => 0,
            retries if retries < MAX_RETRIES_AT_ONCE as u32 => retries as u8,
            _ => MAX_RETRIES_AT_ONCE,
        };
        self.last_at_once = if at_once && !self.unlimited {
            self.max_attempts
        } else {
            0
        };
        self
    }

    /// Whether no wait is ever drawn, and a failure needs no check but its verdict.
    pub(crate) const fn never_waits(&self) -> bool {
        self.retries_at_once > 0 || self.last_at_once > 0
    }

    /// Returns the attempt whose failure ends the call without a further check; 0 if none does.
    #[inline]
    pub(crate) const fn last_at_once(&self) -> u32 {
        self.last_at_once
    }

    /// Returns the number of retries that follow at once; 0 if there are waits.
    #[inline]
    pub(crate) const fn retries_at_once(&self) -> u32 {
        self.retries_at_once as u32
    }

    /// Like [`RetryPolicy::new`], for a number known only at run time.
    ///
    /// # Errors
    ///
    /// [`PolicyError::MaxAttempts`] if `max_attempts` is 0.
    pub const fn try_new(max_attempts: u32) -> Result<Self, PolicyError> {
        if max_attempts == 0 {
            return Err(PolicyError::MaxAttempts {
                value: max_attempts,
            });
        }
        Ok(Self::new(max_attempts))
    }

    /// Sets the attempts in all, the first included, from 1.
    ///
    /// # Panics
    ///
    /// If `max_attempts` is 0.
    #[must_use]
    pub const fn with_max_attempts(mut self, max_attempts: u32) -> Self {
        assert!(max_attempts > 0, "{}", NO_ATTEMPTS);
        self.max_attempts = max_attempts;
        self.unlimited = false;
        self.settled()
    }

    /// Like [`RetryPolicy::with_max_attempts`], for a number known only at run time.
    ///
    /// # Errors
    ///
    /// [`PolicyError::MaxAttempts`] if `max_attempts` is 0.
    pub const fn try_with_max_attempts(self, max_attempts: u32) -> Result<Self, PolicyError> {
        if max_attempts == 0 {
            return Err(PolicyError::MaxAttempts {
                value: max_attempts,
            });
        }
        Ok(self.with_max_attempts(max_attempts))
    }

    /// Removes the limit of attempts, for a program that waits at start-up until a service is there. The
    /// waits are then an endless iterator.
    #[must_use]
    pub const fn with_unlimited_attempts(mut self) -> Self {
        self.max_attempts = u32::MAX;
        self.unlimited = true;
        self.settled()
    }

    /// Sets the first step, in milliseconds: the same as [`RetryPolicy::with_min_wait`].
    #[must_use]
    pub const fn with_backoff_ms(self, milliseconds: u64) -> Self {
        self.with_min_wait(Duration::from_millis(milliseconds))
    }

    /// Doubles the step from retry to retry ([`Growth::Exponential`] by 2), or keeps it
    /// ([`Growth::Constant`]).
    #[must_use]
    pub const fn with_exponential_backoff(mut self, exponential: bool) -> Self {
        self.growth = if exponential {
            Growth::Exponential(2.0)
        } else {
            Growth::Constant
        };
        self.settled()
    }

    /// Sets the first step, which is also the floor of a jitter that has one. Raises `max_wait` to it if
    /// needed.
    #[must_use]
    pub const fn with_min_wait(mut self, min_wait: Duration) -> Self {
        self.min_wait = min_wait;
        self.max_wait = longer(self.max_wait, min_wait);
        self.settled()
    }

    /// Sets the cap of every wait except a server's hint. Lowers `min_wait` and `throttled_min_wait` to it
    /// if needed.
    #[must_use]
    pub const fn with_max_wait(mut self, max_wait: Duration) -> Self {
        self.max_wait = max_wait;
        self.min_wait = shorter(self.min_wait, max_wait);
        // Rounded down: not above the cap.
        let cap = whole_millis(max_wait.as_nanos() / NANOS_IN_MILLI);
        if self.throttled_min_wait > cap {
            self.throttled_min_wait = cap;
        }
        self.settled()
    }

    /// Sets the first step after an attempt that the other side throttled: the wait then grows, and is
    /// spread, as if this were `min_wait`. Raises `max_wait` to it if needed; has no effect where it is not
    /// longer than `min_wait`. It is kept in whole milliseconds, rounded up, up to 49 days.
    ///
    /// A fault of the network passes in milliseconds; a service that answers "too many requests" needs
    /// seconds. An attempt is throttled if its error is: see
    /// [`Judgement::is_throttle`](crate::Judgement::is_throttle). A server's hint stays a floor of its own.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use retry_core::testing::VirtualClock;
    /// use retry_core::{Jitter, RetryPolicy, execute_with_retry};
    ///
    /// let policy = RetryPolicy::new(4)
    ///     .with_min_wait(Duration::from_millis(50))
    ///     .with_exponential_backoff(true)
    ///     .with_jitter(Jitter::None)
    ///     .with_throttled_min_wait(Duration::from_secs(1));
    ///
    /// let mut errors = ["connection reset", "too many requests", "connection reset"].into_iter();
    /// let clock = VirtualClock::install();
    /// execute_with_retry(|| errors.next().map_or(Ok(()), Err), &policy)?;
    /// assert_eq!(clock.slept(), [50, 2_000, 200].map(Duration::from_millis));
    /// # Ok::<(), &str>(())
    /// ```
    #[must_use]
    pub const fn with_throttled_min_wait(mut self, min_wait: Duration) -> Self {
        self.throttled_min_wait = whole_millis(min_wait.as_nanos().div_ceil(NANOS_IN_MILLI));
        self.max_wait = longer(self.max_wait, self.throttled());
        self.settled()
    }

    /// Sets the longest wait that a server may request; a longer hint ends the call at once.
    #[must_use]
    pub const fn with_max_retry_after(mut self, max_retry_after: Duration) -> Self {
        self.max_retry_after = max_retry_after;
        self
    }

    /// Sets the growth of the step.
    ///
    /// # Panics
    ///
    /// If a multiplier is under 1 or not finite, or a schedule is empty.
    #[must_use]
    pub const fn with_growth(mut self, growth: Growth) -> Self {
        match growth {
            Growth::Exponential(multiplier) => {
                assert!(
                    is_multiplier(multiplier),
                    "multiplier must be a finite number of at least 1"
                );
            }
            Growth::Schedule(waits) => {
                assert!(
                    !waits.is_empty(),
                    "schedule has 0 waits; it must have at least 1"
                );
                (self.min_wait, self.max_wait) = bounds(waits);
                self.max_wait = longer(self.max_wait, self.throttled());
            }
            Growth::Constant | Growth::Linear | Growth::Fibonacci => {}
        }
        self.growth = growth;
        self.settled()
    }

    /// Like [`RetryPolicy::with_growth`], for a growth known only at run time.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Multiplier`] or [`PolicyError::EmptySchedule`].
    pub const fn try_with_growth(self, growth: Growth) -> Result<Self, PolicyError> {
        match growth {
            Growth::Exponential(value) if !is_multiplier(value) => {
                Err(PolicyError::Multiplier { value })
            }
            Growth::Schedule([]) => Err(PolicyError::EmptySchedule),
            _ => Ok(self.with_growth(growth)),
        }
    }

    /// Sets exponential growth by `multiplier`; [`RetryPolicy::with_exponential_backoff`] uses 2.
    ///
    /// # Panics
    ///
    /// If `multiplier` is under 1 or not finite.
    #[must_use]
    pub const fn with_multiplier(self, multiplier: f64) -> Self {
        self.with_growth(Growth::Exponential(multiplier))
    }

    /// Like [`RetryPolicy::with_multiplier`], for a number known only at run time.
    ///
    /// # Errors
    ///
    /// [`PolicyError::Multiplier`] if it is under 1 or not finite.
    pub const fn try_with_multiplier(self, multiplier: f64) -> Result<Self, PolicyError> {
        self.try_with_growth(Growth::Exponential(multiplier))
    }

    /// Sets the given waits, taken in turn. `min_wait` and `max_wait` become the shortest and the
    /// longest of them; set either afterwards to cut waits or to leave room for jitter.
    ///
    /// # Panics
    ///
    /// If `waits` is empty.
    #[must_use]
    pub const fn with_schedule(self, waits: &'static [Duration]) -> Self {
        self.with_growth(Growth::Schedule(waits))
    }

    /// Sets the spread of the waits.
    #[must_use]
    pub const fn with_jitter(mut self, jitter: Jitter) -> Self {
        self.jitter = jitter;
        self.settled()
    }

    /// Makes the first failure final, whatever the number of attempts.
    #[must_use]
    pub const fn with_high_risk_immediate_fail(mut self, immediate: bool) -> Self {
        self.high_risk_immediate_fail = immediate;
        self.settled()
    }

    /// Sets the guarantee for an attempt whose outcome is unknown.
    #[must_use]
    pub const fn with_execution_guarantee(mut self, guarantee: ExecutionGuarantee) -> Self {
        self.execution_guarantee = guarantee;
        self.settled()
    }
}

/// Getters.
impl RetryPolicy {
    /// Returns the attempts in all, the first included; `u32::MAX` if they are unlimited.
    #[must_use]
    pub const fn max_attempts(&self) -> u32 {
        self.max_attempts
    }

    /// Whether attempts are unlimited.
    #[must_use]
    pub const fn is_unlimited(&self) -> bool {
        self.unlimited
    }

    /// Returns the first step, which is also the floor of a jitter that has one.
    #[must_use]
    pub const fn min_wait(&self) -> Duration {
        self.min_wait
    }

    /// Returns the cap of every wait except a server's hint.
    #[must_use]
    pub const fn max_wait(&self) -> Duration {
        self.max_wait
    }

    /// Returns the first step after an attempt that the other side throttled; `None` if such attempts wait
    /// as the others do.
    #[must_use]
    pub const fn throttled_min_wait(&self) -> Option<Duration> {
        if self.throttled().as_nanos() > self.min_wait.as_nanos() {
            Some(self.throttled())
        } else {
            None
        }
    }

    const fn throttled(&self) -> Duration {
        Duration::from_millis(self.throttled_min_wait as u64)
    }

    /// Returns the longest wait that a server may request.
    #[must_use]
    pub const fn max_retry_after(&self) -> Duration {
        self.max_retry_after
    }

    /// Returns the growth of the step.
    #[must_use]
    pub const fn growth(&self) -> Growth {
        self.growth
    }

    /// Returns the spread of the waits.
    #[must_use]
    pub const fn jitter(&self) -> Jitter {
        self.jitter
    }

    /// Whether the first failure is final, whatever the number of attempts.
    #[must_use]
    pub const fn high_risk_immediate_fail(&self) -> bool {
        self.high_risk_immediate_fail
    }

    /// Returns the guarantee for an attempt whose outcome is unknown.
    #[must_use]
    pub const fn execution_guarantee(&self) -> ExecutionGuarantee {
        self.execution_guarantee
    }

    /// Whether `attempt`, from 1, is the last that this policy allows.
    pub(crate) const fn is_last(&self, attempt: u32) -> bool {
        (attempt >= self.max_attempts && !self.unlimited) || self.high_risk_immediate_fail
    }

    /// Returns `max_attempts` as a field of events: none if attempts are unlimited.
    pub(crate) fn attempt_limit(&self) -> Option<u32> {
        (!self.unlimited).then_some(self.max_attempts)
    }

    /// Returns `max_attempts` as the logs print it.
    pub(crate) const fn attempts(&self) -> AttemptCount {
        AttemptCount {
            max: self.max_attempts,
            unlimited: self.unlimited,
        }
    }
}

/// A number of attempts as the logs print it: `5`, or `unlimited`.
#[derive(Clone, Copy)]
pub(crate) struct AttemptCount {
    max: u32,
    unlimited: bool,
}

impl fmt::Display for AttemptCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.unlimited {
            f.write_str("unlimited")
        } else {
            self.max.fmt(f)
        }
    }
}

const fn is_multiplier(value: f64) -> bool {
    value >= 1.0 && value.is_finite()
}

const NANOS_IN_MILLI: u128 = 1_000_000;

/// Returns a number of milliseconds; `u32::MAX`, 49 days, for what is longer.
const fn whole_millis(millis: u128) -> u32 {
    if millis > u32::MAX as u128 {
        u32::MAX
    } else {
        millis as u32
    }
}

const fn shorter(a: Duration, b: Duration) -> Duration {
    if a.as_nanos() < b.as_nanos() { a } else { b }
}

const fn longer(a: Duration, b: Duration) -> Duration {
    if a.as_nanos() > b.as_nanos() { a } else { b }
}

/// Returns the shortest and the longest of `waits`, which is not empty.
const fn bounds(waits: &[Duration]) -> (Duration, Duration) {
    let (mut shortest, mut longest) = (waits[0], waits[0]);
    let mut at = 1;
    while at < waits.len() {
        shortest = shorter(shortest, waits[at]);
        longest = longer(longest, waits[at]);
        at += 1;
    }
    (shortest, longest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_values_name_field_value_and_bound() {
        let policy = RetryPolicy::new(1);
        for (error, text) in [
            (
                RetryPolicy::try_new(0),
                "max_attempts is 0; it must be at least 1",
            ),
            (
                policy.try_with_max_attempts(0),
                "max_attempts is 0; it must be at least 1",
            ),
            (
                policy.try_with_multiplier(0.5),
                "multiplier is 0.5; it must be a finite number of at least 1",
            ),
            (
                policy.try_with_multiplier(f64::NAN),
                "multiplier is NaN; it must be a finite number of at least 1",
            ),
            (
                policy.try_with_multiplier(f64::INFINITY),
                "multiplier is inf; it must be a finite number of at least 1",
            ),
            (
                policy.try_with_growth(Growth::Schedule(&[])),
                "schedule has 0 waits; it must have at least 1",
            ),
        ] {
            assert_eq!(
                error.map_err(|error| error.to_string()),
                Err(text.to_owned())
            );
        }
    }

    #[test]
    fn the_later_bound_moves_the_earlier() {
        let policy = RetryPolicy::new(3).with_min_wait(Duration::from_secs(20));
        assert_eq!(policy.max_wait(), Duration::from_secs(20));
        let policy = policy.with_max_wait(Duration::from_secs(1));
        assert_eq!(policy.min_wait(), Duration::from_secs(1));
        let policy = policy.with_throttled_min_wait(Duration::from_secs(5));
        assert_eq!(policy.max_wait(), Duration::from_secs(5));
        let policy = policy.with_max_wait(Duration::from_secs(2));
        assert_eq!(policy.throttled_min_wait(), Some(Duration::from_secs(2)));
    }

    #[test]
    fn a_step_for_throttles_is_in_whole_milliseconds() {
        let kept = |wait| {
            RetryPolicy::new(2)
                .with_throttled_min_wait(wait)
                .throttled_min_wait()
        };
        let millis = Duration::from_millis;
        assert_eq!(kept(Duration::from_nanos(1)), Some(millis(1)));
        assert_eq!(kept(Duration::from_micros(1_500)), Some(millis(2)));
        assert_eq!(kept(Duration::MAX), Some(millis(u64::from(u32::MAX))));
        // The cap is never passed.
        let capped = RetryPolicy::new(2).with_throttled_min_wait(Duration::from_secs(1));
        let capped = capped.with_max_wait(Duration::from_micros(1_500));
        assert_eq!(capped.throttled_min_wait(), Some(millis(1)));
    }

    #[test]
    fn a_step_for_throttles_that_is_not_longer_has_no_effect() {
        let policy = RetryPolicy::new(3).with_min_wait(Duration::from_secs(2));
        for throttled in [0, 1, 2] {
            let policy = policy.with_throttled_min_wait(Duration::from_secs(throttled));
            assert_eq!(policy.throttled_min_wait(), None);
        }
    }

    #[test]
    fn a_schedule_leaves_room_for_the_step_of_throttles() {
        const GIVEN: &[Duration] = &[Duration::from_millis(10)];
        let policy = RetryPolicy::new(3)
            .with_throttled_min_wait(Duration::from_secs(1))
            .with_schedule(GIVEN);
        assert_eq!(policy.max_wait(), Duration::from_secs(1));
        assert_eq!(policy.throttled_min_wait(), Some(Duration::from_secs(1)));
    }

    #[test]
    fn a_schedule_is_not_cut_by_the_default_cap() {
        const GIVEN: &[Duration] = &[Duration::from_secs(30), Duration::from_secs(90)];
        let policy = RetryPolicy::new(4)
            .with_schedule(GIVEN)
            .with_jitter(Jitter::None);
        let waits: Vec<u64> = policy.waits(0).map(|wait| wait.as_secs()).collect();
        assert_eq!(waits, [30, 90, 90]);
    }

    #[test]
    fn unlimited_is_a_word_and_not_a_number() {
        let policy = RetryPolicy::new(2).with_unlimited_attempts();
        assert!(!policy.is_last(u32::MAX));
        assert_eq!(policy.attempts().to_string(), "unlimited");
        assert!(RetryPolicy::new(u32::MAX).is_last(u32::MAX));
        assert!(!policy.with_max_attempts(2).is_unlimited());
    }
}
