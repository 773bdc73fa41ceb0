//! Backoff: the wait before retry *n*, as plain functions of a policy and of randomness.

use std::time::Duration;

use super::growth::nanos;
use super::jitter::JitterInput;
use super::random::Random;
use super::retry_policy::RetryPolicy;

/// The waits of one call, as [`RetryPolicy::waits`] lists them. The engine draws each of its own by the
/// same function.
///
/// Yields `max_attempts - 1` waits, or waits without end for a policy of unlimited attempts.
#[derive(Clone, Debug)]
#[must_use = "an iterator does nothing until it is asked"]
pub struct Waits {
    policy: RetryPolicy,
    random: Random,
    retries: u32,
    previous: u64,
}

impl Waits {
    pub(crate) const fn new(policy: RetryPolicy, seed: u64) -> Self {
        Self {
            policy,
            random: Random::seeded(seed),
            retries: 0,
            previous: 0,
        }
    }

    fn left(&self) -> Option<u32> {
        (!self.policy.is_unlimited()).then(|| {
            self.policy
                .max_attempts()
                .saturating_sub(1)
                .saturating_sub(self.retries)
        })
    }
}

impl Iterator for Waits {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        if self.left() == Some(0) {
            return None;
        }
        let policy = &self.policy;
        let first = policy.min_wait();
        let wait = draw(policy, first, self.retries, self.previous, &mut self.random);
        self.retries = self.retries.saturating_add(1);
        self.previous = wait;
        Some(Duration::from_nanos(wait))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self.left().map(usize::try_from) {
            Some(Ok(left)) => (left, Some(left)),
            _ => (usize::MAX, None),
        }
    }
}

impl RetryPolicy {
    /// Returns the schedule for one seed: `max_attempts - 1` waits, or waits without end.
    ///
    /// The same seed gives the same waits on every machine. A running call instead draws from its
    /// thread's own sequence. These are the waits after attempts that were not throttled.
    pub const fn waits(&self, seed: u64) -> Waits {
        Waits::new(*self, seed)
    }
}

/// Returns the wait before retry `n` (from 0), in nanoseconds, drawn after a wait of `previous`. `first` is
/// the first step: the policy's `min_wait`, or the longer one after a throttled attempt.
pub(crate) fn draw(
    policy: &RetryPolicy,
    first: Duration,
    n: u32,
    previous: u64,
    random: &mut Random,
) -> u64 {
    let (min, cap) = (nanos(first), nanos(policy.max_wait()));
    // An operator may have raised the floor above some waits of a given schedule.
    let step = policy.growth().step(min, n).max(min);
    policy.jitter().draw(
        JitterInput {
            step,
            min,
            cap,
            previous,
        },
        random,
    )
}
