//! [`RetryEvent`]: the argument of an `on_retry` hook.

use std::time::Duration;

use crate::operation::Operation;
use crate::policy::retry_policy::RetryPolicy;

/// A retry whose wait is about to begin.
///
/// ```
/// use std::cell::RefCell;
/// use std::time::Duration;
/// use retry_core::{Jitter, Retry, RetryPolicy};
///
/// let events = RefCell::new(Vec::new());
/// let policy = RetryPolicy::new(2).with_backoff_ms(1).with_jitter(Jitter::None);
/// let outcome = Retry::new(policy)
///     .name("load")
///     .on_retry(|event| events.borrow_mut().push((event.attempt(), event.wait())))
///     .run(|| Err::<(), _>("connection reset"));
/// assert!(outcome.is_err());
/// assert_eq!(events.into_inner(), [(1, Duration::from_millis(1))]);
/// ```
#[derive(Debug)]
pub struct RetryEvent<'a, E> {
    pub(crate) operation: &'a Operation,
    pub(crate) attempt: u32,
    pub(crate) policy: &'a RetryPolicy,
    pub(crate) error: Option<&'a E>,
    pub(crate) wait: Duration,
}

impl<'a, E> RetryEvent<'a, E> {
    /// Returns the operation's name.
    #[must_use]
    pub fn operation(&self) -> &'static str {
        self.operation.name()
    }

    /// Returns the attempt that failed, from 1.
    #[must_use]
    pub const fn attempt(&self) -> u32 {
        self.attempt
    }

    /// Returns the attempts in all, or `None` if they are unlimited.
    #[must_use]
    pub fn max_attempts(&self) -> Option<u32> {
        self.policy.attempt_limit()
    }

    /// Returns the class: `worker`, `storage`, `scheduler`, `api`, or `ad_hoc` without an attribute.
    #[must_use]
    pub fn class(&self) -> &'static str {
        self.operation.class()
    }

    /// Returns the attempt's error, or `None` if `judge` or `retry_on_ok` did not accept its
    /// value.
    #[must_use]
    pub const fn error(&self) -> Option<&'a E> {
        self.error
    }

    /// Returns exactly the wait that is slept next.
    #[must_use]
    pub const fn wait(&self) -> Duration {
        self.wait
    }
}
