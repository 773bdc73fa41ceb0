//! [`OperationClass`]: the four kinds of work, each with its own defaults.

use std::fmt;
use std::time::Duration;

use super::jitter::Jitter;
use super::retry_policy::RetryPolicy;

/// A kind of work, with its own default policy and variables.
///
/// | class | attempts | min wait | max wait |
/// |---|---|---|---|
/// | worker | 3 | 1 s | 10 s |
/// | storage | 5 | 0.5 s | 5 s |
/// | scheduler | 3 | 1 s | 8 s |
/// | api | 4 | 1 s | 15 s |
///
/// All double their step and spread it by [`Jitter::Equal`].
///
/// The variables of workers are `RETRY__WORKER_MAX_ATTEMPTS`, `RETRY__WORKER_MIN_WAIT` and
/// `RETRY__WORKER_MAX_WAIT`; the other classes have `STORAGE`, `SCHEDULER` or `API` instead of `WORKER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OperationClass {
    /// Task workers: `#[retry_worker]`.
    Worker,
    /// Databases, files, caches: `#[retry_storage]`.
    Storage,
    /// Schedulers and queues: `#[retry_scheduler]`.
    Scheduler,
    /// Calls to other services: `#[retry_api]`.
    Api,
}

impl OperationClass {
    /// All four, in the order of the table.
    pub const ALL: &'static [Self] = &[Self::Worker, Self::Storage, Self::Scheduler, Self::Api];

    /// Returns the name in logs, statistics and metrics: `worker`, `storage`, `scheduler`, `api`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Storage => "storage",
            Self::Scheduler => "scheduler",
            Self::Api => "api",
        }
    }

    /// Returns the policy of the class before any variable applies.
    #[must_use]
    pub const fn default_policy(self) -> RetryPolicy {
        let (attempts, min_ms, max_ms) = match self {
            Self::Worker => (3, 1_000, 10_000),
            Self::Storage => (5, 500, 5_000),
            Self::Scheduler => (3, 1_000, 8_000),
            Self::Api => (4, 1_000, 15_000),
        };
        RetryPolicy::new(attempts)
            .with_min_wait(Duration::from_millis(min_ms))
            .with_max_wait(Duration::from_millis(max_ms))
            .with_exponential_backoff(true)
            .with_jitter(Jitter::Equal)
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

impl fmt::Display for OperationClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Programs rely on them without naming them.
    #[test]
    fn the_defaults_of_the_documentation() {
        let defaults = OperationClass::ALL.iter().map(|class| {
            let policy = class.default_policy();
            let (min, max) = (policy.min_wait().as_millis(), policy.max_wait().as_millis());
            (class.as_str(), policy.max_attempts(), min, max)
        });
        let expected = [
            ("worker", 3, 1_000, 10_000),
            ("storage", 5, 500, 5_000),
            ("scheduler", 3, 1_000, 8_000),
            ("api", 4, 1_000, 15_000),
        ];
        assert_eq!(defaults.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn waits_stay_between_the_bounds_and_spread_at_the_cap() {
        for &class in OperationClass::ALL {
            let policy = class.default_policy().with_max_attempts(30);
            let (min, max) = (policy.min_wait(), policy.max_wait());
            let mut capped = Vec::new();
            for seed in 0..50 {
                for (n, wait) in policy.waits(seed).enumerate() {
                    assert!(wait >= min && wait <= max, "{class} {n}: {wait:?}");
                    if n >= 10 {
                        capped.push(wait);
                    }
                }
            }
            capped.sort();
            assert!(
                capped[capped.len() / 10] < max.mul_f64(0.6),
                "{class} does not spread"
            );
            assert!(
                capped[capped.len() * 9 / 10] > max.mul_f64(0.9),
                "{class} does not spread"
            );
        }
    }
}
