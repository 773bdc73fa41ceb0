//! The short path after a failed attempt: nothing observes the failure, and the next attempt follows
//! without a wait. It needs the verdict and the policy, and neither the error nor any state.

use super::call_state::CallState;
use super::nesting::thread_notes;
use super::pause::YIELD_EVERY;
use super::plan::Plan;
use crate::classify::judgement::Verdict;
use crate::guard::scope;
use crate::policy::retry_policy::{MAX_RETRIES_AT_ONCE, RetryPolicy};
use crate::report::event;
use crate::settings::observers;

// The attempt before which an async call yields to other tasks does not follow at once.
const _: () = assert!(MAX_RETRIES_AT_ONCE as u32 == YIELD_EVERY - 2);

/// The step after a failed attempt of a call without guards, limits and hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShortStep {
    /// The next attempt follows at once.
    Again,
    /// The call returns the attempt's error.
    Return,
    /// The long path decides.
    Undecided,
}

impl CallState {
    /// Returns the step after a failed attempt. `plan` runs only if nothing observes the failure.
    #[inline]
    pub(crate) fn short_step<'p>(
        &mut self,
        verdict: Verdict,
        plan: impl FnOnce() -> Plan<'p>,
    ) -> ShortStep {
        if !self.is_plain(verdict) {
            return ShortStep::Undecided;
        }
        self.step_by(plan().policy)
    }

    /// Returns the step after a failure that is worth another attempt, and that nothing observes.
    #[inline]
    fn step_by(&mut self, policy: &RetryPolicy) -> ShortStep {
        if self.retries < policy.retries_at_once() {
            self.retries += 1;
            return ShortStep::Again;
        }
        if self.ends_at_once(policy) {
            return ShortStep::Return;
        }
        ShortStep::Undecided
    }

    /// Whether a failure needs no more than another attempt: nothing observes it, and no call inside
    /// has given up.
    #[inline]
    fn is_plain(&self, verdict: Verdict) -> bool {
        verdict == Verdict::Retry
            && self.inner_failures.is_none()
            && !observers::of_failures()
            && !event::is_enabled()
            && !scope::is_entered()
    }

    /// Whether the call ends after this failure without a report: an enclosing call hears of it.
    #[inline]
    fn ends_at_once(&self, policy: &RetryPolicy) -> bool {
        self.number() == policy.last_at_once() && !thread_notes::is_inside()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::jitter::Jitter;

    const AT_ONCE: RetryPolicy = RetryPolicy::new(3).with_jitter(Jitter::None);

    /// Returns the step of a call after its attempt `number` failed, and the number of the next one.
    fn step(policy: &RetryPolicy, number: u32) -> (ShortStep, u32) {
        let mut call = CallState::new();
        call.retries = number - 1;
        (call.step_by(policy), call.number())
    }

    #[test]
    fn attempts_without_a_wait_follow_each_other_up_to_the_last() {
        assert_eq!(step(&AT_ONCE, 1), (ShortStep::Again, 2));
        assert_eq!(step(&AT_ONCE, 2), (ShortStep::Again, 3));
        assert_eq!(step(&AT_ONCE, 3), (ShortStep::Return, 3));
        let waits = AT_ONCE.with_backoff_ms(1);
        assert_eq!(step(&waits, 1), (ShortStep::Undecided, 1));
        assert_eq!(step(&waits, 3), (ShortStep::Undecided, 3));
    }

    #[test]
    fn an_attempt_before_which_other_tasks_run_is_left_to_the_long_path() {
        let many = AT_ONCE.with_max_attempts(1_000);
        assert_eq!(step(&many, YIELD_EVERY - 2).0, ShortStep::Again);
        assert_eq!(step(&many, YIELD_EVERY - 1).0, ShortStep::Undecided);
    }

    /// An unlimited policy without waits: the number of retries stays at its largest value.
    #[test]
    fn the_number_of_retries_never_starts_again() {
        let unlimited = AT_ONCE.with_unlimited_attempts();
        let largest = (ShortStep::Undecided, u32::MAX);
        assert_eq!(step(&unlimited, u32::MAX), largest);
    }
}
