//! [`Question`]: what a call with a probe knows of its own attempts, and from when on the callee's *no*
//! is final.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use retry_core::__private::{Limits, now};
use tokio::time::Instant;

/// What a call with a probe knows of the effect that it may have to ask about.
#[derive(Debug)]
pub(crate) struct Question {
    /// How long after the end of an attempt its *no* is final.
    after: Duration,
    pub(crate) limits: Option<Limits>,
    attempted: Mutex<Attempted>,
}

/// The attempt that a probe would be asked about.
#[derive(Clone, Copy, Debug)]
struct Attempted {
    /// Its number and its begin; `None` where it was an earlier owner's.
    begun: Option<(u32, Instant)>,
    /// `None` while it runs.
    ended: Option<Instant>,
    /// How long ago it was by then: nothing, for one of this call.
    passed: Duration,
}

impl Question {
    /// `taken_over`: how long ago the owner ended whose record in doubt was taken over.
    pub(crate) fn new(
        after: Duration,
        limits: Option<Limits>,
        taken_over: Option<Duration>,
    ) -> Self {
        let attempted = Mutex::new(Attempted {
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

    /// An attempt begins.
    pub(crate) fn begin(&self, number: u32) {
        *self.attempted() = Attempted {
            begun: Some((number, now())),
            ended: None,
            passed: Duration::ZERO,
        };
    }

    /// The attempt has ended, or the earlier owner's has: how long the callee is not to be asked yet.
    pub(crate) fn left(&self) -> Duration {
        let now = now();
        let mut attempted = self.attempted();
        let ended = *attempted.ended.get_or_insert(now);
        let since = now.saturating_duration_since(ended);
        self.after
            .saturating_sub(attempted.passed)
            .saturating_sub(since)
    }

    pub(crate) fn last_attempt(&self) -> Option<LastAttempt> {
        let Attempted { begun, ended, .. } = *self.attempted();
        let ((number, began), ended) = begun.zip(ended)?;
        Some(LastAttempt {
            number,
            began,
            ended,
        })
    }

    fn attempted(&self) -> MutexGuard<'_, Attempted> {
        self.attempted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The attempt that a probe is asked about: see
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
    /// Its number within the call, from 1.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// When its body began, by this machine's wall clock as it stands now: a lower bound for what is
    /// looked up at the callee, less what the two clocks differ by.
    #[must_use]
    pub fn began(&self) -> SystemTime {
        before_now(self.since_began())
    }

    /// When it ended for its caller (its body returned, or was cut), by this machine's wall clock as
    /// it stands now.
    #[must_use]
    pub fn ended(&self) -> SystemTime {
        before_now(self.since_ended())
    }

    /// How long ago its body began, by the clock that the call waits on.
    #[must_use]
    pub fn since_began(&self) -> Duration {
        now().saturating_duration_since(self.began)
    }

    /// How long ago it ended for its caller, by the clock that the call waits on: at least
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
