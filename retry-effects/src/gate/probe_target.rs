//! [`ProbeTarget`]: the attempt that a call's probe is about, and the time from which the callee's
//! *no* is final.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use retry_core::__private::{Limits, now};
use tokio::time::Instant;

/// The state of a call with a probe: the effect in question.
#[derive(Debug)]
pub(crate) struct ProbeTarget {
    /// The time after the end of an attempt from which the callee's *no* is final.
    after: Duration,
    pub(crate) limits: Option<Limits>,
    attempted: Mutex<ProbedAttempt>,
}

/// The attempt that a probe would be about.
#[derive(Clone, Copy, Debug)]
struct ProbedAttempt {
    /// Its number and its start; `None` for an earlier owner's attempt.
    begun: Option<(u32, Instant)>,
    /// `None` while it runs.
    ended: Option<Instant>,
    /// The time that had passed since its end by then: zero for an attempt of this call.
    passed: Duration,
}

impl ProbeTarget {
    /// `taken_over`: the time since the end of the owner whose record in doubt was taken over.
    pub(crate) fn new(
        after: Duration,
        limits: Option<Limits>,
        taken_over: Option<Duration>,
    ) -> Self {
        let attempted = Mutex::new(ProbedAttempt {
            begun: None,
            ended: taken_over.map(|_| now()),
            passed: taken_over.unwrap_or_default(),
        });
        Self {
            after,
            limits,
            attempted,
        }
    }

    /// Notes the start of an attempt.
    pub(crate) fn begin(&self, number: u32) {
        *self.attempted() = ProbedAttempt {
            begun: Some((number, now())),
            ended: None,
            passed: Duration::ZERO,
        };
    }

    /// Notes the end of the attempt, or the earlier owner's end; returns the time until the probe may
    /// run.
    pub(crate) fn time_until_probe(&self) -> Duration {
        let now = now();
        let mut attempted = self.attempted();
        let ended = *attempted.ended.get_or_insert(now);
        let since = now.saturating_duration_since(ended);
        self.after
            .saturating_sub(attempted.passed)
            .saturating_sub(since)
    }

    pub(crate) fn last_attempt(&self) -> Option<LastAttempt> {
        let ProbedAttempt { begun, ended, .. } = *self.attempted();
        let ((number, began), ended) = begun.zip(ended)?;
        Some(LastAttempt {
            number,
            began,
            ended,
        })
    }

    fn attempted(&self) -> MutexGuard<'_, ProbedAttempt> {
        self.attempted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The attempt that a probe is about: see
/// [`CurrentAction::last_attempt`](crate::CurrentAction::last_attempt).
///
/// An attempt that was cut has ended for its caller; the callee may work on.
#[derive(Clone, Copy, Debug)]
pub struct LastAttempt {
    number: u32,
    began: Instant,
    ended: Instant,
}

impl LastAttempt {
    /// Returns its number within the call, from 1.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Returns the time when its body began, by the current wall clock of this machine: a lower
    /// bound for a search at the callee, less the difference between the two clocks.
    #[must_use]
    pub fn began(&self) -> SystemTime {
        before_now(self.since_began())
    }

    /// Returns the time when it ended for its caller (its body returned, or was cut), by the
    /// current wall clock of this machine.
    #[must_use]
    pub fn ended(&self) -> SystemTime {
        before_now(self.since_ended())
    }

    /// Returns the time since its body began, by the clock that the call waits on.
    #[must_use]
    pub fn since_began(&self) -> Duration {
        now().saturating_duration_since(self.began)
    }

    /// Returns the time since it ended for its caller, by the clock that the call waits on: at least
    /// `probe_after`.
    #[must_use]
    pub fn since_ended(&self) -> Duration {
        now().saturating_duration_since(self.ended)
    }
}

fn before_now(ago: Duration) -> SystemTime {
    let now = SystemTime::now();
    now.checked_sub(ago).unwrap_or(SystemTime::UNIX_EPOCH)
}
