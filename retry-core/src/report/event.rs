//! Events of a call through `tracing`, target `retry`: texts and fields only.

use std::collections::BTreeSet;
use std::error::Error;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tracing::level_filters::LevelFilter;
use tracing::{Level, debug, error, info, warn};

use crate::classify::failure::Description;
use crate::operation::Operation;
use crate::policy::layer::Resolution;
use crate::policy::retry_policy::RetryPolicy;
use crate::text::duration::DisplayDuration;
use crate::text::redaction::{Redacted, redacted};

/// Whether a subscriber may be listening.
#[inline]
pub(crate) fn is_enabled() -> bool {
    LevelFilter::current() != LevelFilter::OFF
}

/// Position of an event in its call.
#[derive(Clone, Copy)]
pub(crate) struct EventContext<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) policy: &'a RetryPolicy,
    /// The attempt that just ended, from 1.
    pub(crate) attempt: u32,
    pub(crate) elapsed: Duration,
}

impl EventContext<'_> {
    fn elapsed_ms(&self) -> u64 {
        millis(self.elapsed)
    }
}

/// Reason for stopping a call that had attempts left.
#[derive(Debug)]
pub(crate) enum StopReason {
    TimeLimit,
    ServerHint,
    Cancelled,
    Budget,
    TimeBudget,
    CircuitOpen,
    /// The inner call of this name gave up.
    Nested(&'static str),
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimeLimit => f.write_str("time limit"),
            Self::ServerHint => f.write_str("server hint"),
            Self::Cancelled => f.write_str("cancelled"),
            Self::Budget => f.write_str("budget"),
            Self::TimeBudget => f.write_str("time budget"),
            Self::CircuitOpen => f.write_str("circuit open"),
            Self::Nested(inner) => write!(f, "{inner} inside it gave up"),
        }
    }
}

impl StopReason {
    const fn outcome(&self) -> &'static str {
        match self {
            Self::TimeLimit => "time_limit",
            Self::ServerHint => "server_hint",
            Self::Cancelled => "cancelled",
            Self::Budget => "budget",
            Self::TimeBudget => "time_budget",
            Self::CircuitOpen => "circuit_open",
            Self::Nested(_) => "nested",
        }
    }
}

/// Emits the same event at a level known only at run time.
macro_rules! at_level {
    ($level:expr, $at:expr, $outcome:expr, $error:expr, $($text:tt)+) => {
        match $level {
            Level::ERROR => at_level!(@ error, $at, $outcome, $error, $($text)+),
            Level::WARN => at_level!(@ warn, $at, $outcome, $error, $($text)+),
            _ => at_level!(@ debug, $at, $outcome, $error, $($text)+),
        }
    };
    (@ $event:ident, $at:expr, $outcome:expr, $error:expr, $($text:tt)+) => {
        $event!(
            target: "retry",
            operation = $at.operation.name(),
            class = $at.operation.class(),
            attempt = $at.attempt,
            max_attempts = $at.policy.attempt_limit(),
            elapsed_ms = $at.elapsed_ms(),
            outcome = $outcome,
            error = $error,
            $($text)+
        )
    };
}

/// Reports a failed attempt that no wait follows, because its call has a result from elsewhere.
pub(crate) fn recovered_by_probe(at: EventContext<'_>, error: Description<'_>) {
    let error = Redacted(&error);
    let (attempt, attempts, name) = (at.attempt, at.policy.attempts(), at.operation.name());
    at_level!(
        Level::WARN,
        at,
        "rescued",
        display(&error),
        "Retry attempt {attempt}/{attempts} for {name} failed: {error}"
    );
}

pub(crate) fn retrying(at: EventContext<'_>, error: Description<'_>, wait: Duration) {
    let error = Redacted(&error);
    let (attempt, attempts, name) = (at.attempt, at.policy.attempts(), at.operation.name());
    let wait_ms = millis(wait);
    warn!(
        target: "retry",
        operation = name,
        class = at.operation.class(),
        attempt,
        max_attempts = at.policy.attempt_limit(),
        wait_ms,
        elapsed_ms = at.elapsed_ms(),
        outcome = "retry",
        error = %error,
        "Retry attempt {attempt}/{attempts} for {name} failed: {error}"
    );
    let next = attempt.saturating_add(1);
    info!(
        target: "retry",
        operation = name,
        class = at.operation.class(),
        attempt = next,
        max_attempts = at.policy.attempt_limit(),
        wait_ms,
        elapsed_ms = at.elapsed_ms(),
        "Waiting {} before retry attempt {next}/{attempts}",
        DisplayDuration(wait)
    );
}

pub(crate) fn succeeded(at: EventContext<'_>) {
    let (attempt, attempts, name) = (at.attempt, at.policy.attempts(), at.operation.name());
    info!(
        target: "retry",
        operation = name,
        class = at.operation.class(),
        attempt,
        max_attempts = at.policy.attempt_limit(),
        elapsed_ms = at.elapsed_ms(),
        outcome = "success",
        "Retry succeeded on attempt {attempt}/{attempts} for {name}"
    );
}

/// Reports the failure of the last attempt. ERROR once a call: only from the outermost layer.
pub(crate) fn exhausted(at: EventContext<'_>, error: Description<'_>, outcome: &str, inside: bool) {
    let level = if inside { Level::WARN } else { Level::ERROR };
    let (attempt, attempts, name) = (at.attempt, at.policy.attempts(), at.operation.name());
    at_level!(
        level,
        at,
        outcome,
        // Taken only if a subscriber listens: only then are fields evaluated.
        &error.snapshot() as &(dyn Error + 'static),
        "Retry exhausted after {attempt}/{attempts} attempts for {name}: {}",
        Redacted(&error)
    );
}

/// Reports an error that is not worth another attempt: nothing unusual for a first attempt.
pub(crate) fn not_retried(at: EventContext<'_>, error: Description<'_>, is_unknown: bool) {
    let error = Redacted(&error);
    let level = if at.attempt > 1 {
        Level::WARN
    } else {
        Level::DEBUG
    };
    let outcome = if is_unknown {
        "unknown"
    } else {
        "not_retryable"
    };
    let (attempt, attempts, name) = (at.attempt, at.policy.attempts(), at.operation.name());
    at_level!(
        level,
        at,
        outcome,
        display(&error),
        "Not retried: {name} failed on attempt {attempt}/{attempts}: {error}"
    );
}

/// Reports a stopped call that had attempts left.
pub(crate) fn stopped(at: EventContext<'_>, error: &dyn fmt::Display, reason: &StopReason) {
    let error = Redacted(error);
    let (attempt, attempts, name) = (at.attempt, at.policy.attempts(), at.operation.name());
    at_level!(
        Level::WARN,
        at,
        reason.outcome(),
        display(&error),
        "Retry stopped on attempt {attempt}/{attempts} for {name} ({reason}): {error}"
    );
}

pub(crate) fn resolved(operation: &Operation, resolution: &Resolution) {
    let name = operation.name();
    debug!(
        target: "retry",
        operation = name,
        class = operation.class(),
        "Retry policy of {name}: {resolution}"
    );
}

/// Reports that the breaker rejected the first attempt. Nothing unusual while it is open: the breaker
/// reported that itself.
pub(crate) fn rejected(operation: &Operation, error: &dyn fmt::Display) {
    let error = Redacted(error);
    debug!(
        target: "retry",
        operation = operation.name(),
        class = operation.class(),
        outcome = "circuit_open",
        error = display(&error),
        "Not called: {error}"
    );
}

/// Reports that layers of settings, each valid alone, contradict each other.
pub(crate) fn unusable_circuit(name: &str, error: &dyn fmt::Display) {
    let name = &*redacted(name);
    error!(
        target: "retry",
        circuit = name,
        "Circuit breaker {name}: {error}; slow calls do not count"
    );
}

/// Reports two different configurations for one shared guard.
pub(crate) fn other_configuration(guard: &str, name: &str) {
    error!(
        target: "retry",
        guard,
        name,
        "The {guard} {name} is configured twice, differently: the first configuration counts"
    );
}

/// Warns, once for each operation, that its sync waits block a runtime's thread.
pub(crate) fn blocking(operation: &Operation) {
    static WARNED: Mutex<BTreeSet<(&str, &str)>> = Mutex::new(BTreeSet::new());
    let name = operation.name();
    let mut warned = WARNED.lock().unwrap_or_else(PoisonError::into_inner);
    let is_first = warned.insert((operation.class(), name));
    drop(warned);
    if !is_first {
        return;
    }
    warn!(
        target: "retry",
        operation = name,
        class = operation.class(),
        "Waiting in {name} blocks the only thread of its runtime: make it async, or call it \
         through spawn_blocking"
    );
}

/// Reports that an attribute's expression gave a value that is not allowed.
pub(crate) fn clamped(operation: &Operation, error: &dyn fmt::Display, used: &dyn fmt::Display) {
    let name = operation.name();
    error!(
        target: "retry",
        operation = name,
        class = operation.class(),
        "Argument of {name}: {error}; {used} is used"
    );
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
