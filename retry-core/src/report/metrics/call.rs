//! What a call tells: its attempts, its waits, its budget and its end.

use std::sync::OnceLock;
use std::time::Duration;

use ::metrics::{Key, with_recorder};
use tokio::time::Instant;

use super::recovery::Recovery;
use super::words::{Attempt, Call};
use super::{METADATA, descriptions, key};
use crate::clock;
use crate::engine::attempts::Callee;
use crate::engine::ending::Outcome;
use crate::engine::guards::in_force;
use crate::guard::budget::retry_budget::RetryBudget;
use crate::operation::Operation;

/// When a call began.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Started(Instant);

impl Started {
    #[inline]
    pub(crate) fn now() -> Self {
        Self(clock::now())
    }
}

impl Attempt {
    const ALL: [Self; 5] = [
        Self::Success,
        Self::Failed,
        Self::Unknown,
        Self::NotRetryable,
        Self::Dropped,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::NotRetryable => "not_retryable",
            Self::Dropped => "dropped",
        }
    }
}

const PHASES: [&str; 3] = ["initial", "retry", "hedge"];
const HEDGE: usize = 2;

impl Outcome {
    const ALL: [Self; 8] = [
        Self::SuccessFirst,
        Self::SuccessRetried,
        Self::NotRetryable,
        Self::AttemptsExhausted,
        Self::Deadline,
        Self::Budget,
        Self::CircuitOpen,
        Self::Cancelled,
    ];

    const fn label(self) -> &'static str {
        match self {
            Self::SuccessFirst => "success_first",
            Self::SuccessRetried => "success_retried",
            Self::NotRetryable => "not_retryable",
            Self::AttemptsExhausted => "attempts_exhausted",
            Self::Deadline => "deadline",
            Self::Budget => "budget",
            Self::CircuitOpen => "circuit_open",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What is kept for one operation: its keys, and not the handles that they lead to, as the recorder
/// may be another one in the next call.
#[derive(Debug, Default)]
pub(crate) struct OfOperation {
    keys: OnceLock<Box<Keys>>,
    recovery: Recovery,
}

#[derive(Debug)]
struct Keys {
    attempts: [[Key; Attempt::ALL.len()]; PHASES.len()],
    calls: [Key; Outcome::ALL.len()],
    success_rate: Key,
    duration: Key,
    attempts_per_call: Key,
    wait: Key,
    budget_tokens: Key,
    budget_exhausted: Key,
}

impl Keys {
    #[cold]
    fn new(operation: &Operation) -> Box<Self> {
        descriptions::describe();
        let (operation, class) = (
            ("operation", operation.name()),
            ("class", operation.class()),
        );
        let plain = |name| key(name, &[operation, class]);
        Box::new(Self {
            attempts: PHASES.map(|phase| {
                Attempt::ALL.map(|result| {
                    let (phase, result) = (("phase", phase), ("result", result.label()));
                    key("retry_attempts_total", &[operation, class, phase, result])
                })
            }),
            calls: Outcome::ALL.map(|outcome| {
                let outcome = ("outcome", outcome.label());
                key("retry_calls_total", &[operation, class, outcome])
            }),
            success_rate: plain("retry_success_rate"),
            duration: plain("retry_duration_seconds"),
            attempts_per_call: plain("retry_attempts_per_call"),
            wait: plain("retry_wait_seconds"),
            budget_tokens: plain("retry_budget_tokens"),
            budget_exhausted: plain("retry_budget_exhausted_total"),
        })
    }
}

impl OfOperation {
    #[inline]
    fn keys(&self, operation: &Operation) -> &Keys {
        self.keys.get_or_init(|| Keys::new(operation))
    }
}

/// An attempt has ended, the one of this number.
pub(crate) fn attempted(callee: &impl Callee, number: u32, attempt: Attempt) {
    count_attempt(callee, usize::from(number > 1), attempt);
}

fn count_attempt(callee: &impl Callee, phase: usize, attempt: Attempt) {
    let keys = callee.state().metrics.keys(callee.operation());
    let key = &keys.attempts[phase][attempt as usize];
    with_recorder(|recorder| recorder.register_counter(key, &METADATA).increment(1));
}

/// A call has ended.
pub(crate) fn ended(callee: &impl Callee, call: &Call<'_>) {
    let of = &callee.state().metrics;
    let keys = of.keys(callee.operation());
    let now = clock::now();
    with_recorder(|recorder| {
        let calls = &keys.calls[call.outcome as usize];
        recorder.register_counter(calls, &METADATA).increment(1);
        if call.attempts > 0 {
            let took = now.saturating_duration_since(call.started.0);
            let duration = recorder.register_histogram(&keys.duration, &METADATA);
            duration.record(took.as_secs_f64());
            let attempts = recorder.register_histogram(&keys.attempts_per_call, &METADATA);
            attempts.record(f64::from(call.attempts));
        }
    });
    if call.attempts > 1 {
        let succeeded = call.outcome.is_success();
        show_rate(keys, of.recovery.ended(now, succeeded));
    } else if of.recovery.is_due(now) {
        refresh(callee, call.budget, now);
    }
}

/// Time has passed since the gauges were told last.
#[cold]
fn refresh(callee: &impl Callee, own: Option<&RetryBudget>, now: Instant) {
    let of = &callee.state().metrics;
    let keys = of.keys(callee.operation());
    if let Some(rate) = of.recovery.rate(now) {
        show_rate(keys, rate);
    }
    show_tokens(keys, in_force::budgets(callee.operation(), own));
}

fn show_rate(keys: &Keys, rate: f64) {
    with_recorder(|recorder| {
        let gauge = recorder.register_gauge(&keys.success_rate, &METADATA);
        gauge.set(rate);
    });
}

fn show_tokens(keys: &Keys, budgets: [Option<&RetryBudget>; 2]) {
    let tokens = budgets.into_iter().flatten().map(RetryBudget::tokens);
    if let Some(least) = tokens.reduce(f64::min) {
        with_recorder(|recorder| {
            let gauge = recorder.register_gauge(&keys.budget_tokens, &METADATA);
            gauge.set(least);
        });
    }
}

/// There is to be a retry, after this wait.
pub(crate) fn waits(callee: &impl Callee, wait: Duration) {
    let keys = callee.state().metrics.keys(callee.operation());
    with_recorder(|recorder| {
        let histogram = recorder.register_histogram(&keys.wait, &METADATA);
        histogram.record(wait.as_secs_f64());
    });
}

/// A token was asked for, and `paid` or refused.
pub(crate) fn withdrew(callee: &impl Callee, budgets: [Option<&RetryBudget>; 2], paid: bool) {
    let of = &callee.state().metrics;
    let keys = of.keys(callee.operation());
    if !paid {
        with_recorder(|recorder| {
            let key = &keys.budget_exhausted;
            recorder.register_counter(key, &METADATA).increment(1);
        });
    }
    of.recovery.shown(clock::now());
    show_tokens(keys, budgets);
}

/// A hedge, from its begin on: dropped before it has ended, it was overtaken.
pub(crate) struct Hedged {
    operation: Operation,
    told: bool,
}

impl Hedged {
    pub(crate) const fn new(operation: Operation) -> Self {
        let told = false;
        Self { operation, told }
    }

    pub(crate) fn ended(&mut self, succeeded: bool) {
        self.tell(if succeeded {
            Attempt::Success
        } else {
            Attempt::Failed
        });
    }

    fn tell(&mut self, attempt: Attempt) {
        if !std::mem::replace(&mut self.told, true) {
            count_attempt(&self.operation, HEDGE, attempt);
        }
    }
}

impl Drop for Hedged {
    fn drop(&mut self) {
        self.tell(Attempt::Dropped);
    }
}
