//! [`Member`]: the guards that form a set.

use tokio::time::Instant;

use crate::guard::adaptive::AdaptiveLimiter;
use crate::guard::breaker::circuit_breaker::CircuitBreaker;
use crate::guard::budget::retry_budget::RetryBudget;

/// A guard that can form a [`Keyed`] set.
pub trait Member: Sized {
    /// Makes another guard for `key`, configured like this one.
    fn member(&self, key: &str) -> Self;

    /// Whether forgetting it would let calls pass that are held back now.
    fn is_engaged(&self, _now: Instant) -> bool {
        false
    }
}

impl Member for CircuitBreaker {
    fn member(&self, key: &str) -> Self {
        self.of_key(key)
    }

    fn is_engaged(&self, now: Instant) -> bool {
        self.rejects_for(now).is_some()
    }
}

impl Member for RetryBudget {
    fn member(&self, _: &str) -> Self {
        self.like()
    }
}

impl Member for AdaptiveLimiter {
    fn member(&self, _: &str) -> Self {
        Self::new()
    }
}
