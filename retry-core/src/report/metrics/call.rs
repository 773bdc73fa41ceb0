//! Metrics of a call: its attempts, waits, budget and end.

use std::time::Duration;

use ::metrics::with_recorder;
use tokio::time::Instant;

use super::labels::AttemptResult;
use super::measured::{EndedCall, Measured};
use super::operation::{HEDGE, Keys};
use super::series::METADATA;
use crate::clock;
use crate::operation::Operation;

/// Records the end of attempt `number`.
pub(crate) fn attempted(of: &impl Measured, number: u32, attempt: AttemptResult) {
    count_attempt(of, usize::from(number > 1), attempt);
}

fn count_attempt(of: &impl Measured, phase: usize, attempt: AttemptResult) {
    let keys = of.metrics().keys(of.operation());
    let key = &keys.attempts[phase][attempt as usize];
    with_recorder(|recorder| recorder.register_counter(key, &METADATA).increment(1));
}

/// Records the end of a call.
///
/// `tokens` are those left in the call's budget; with several budgets, the least.
pub(crate) fn ended(of: &impl Measured, call: &EndedCall, tokens: impl FnOnce() -> Option<f64>) {
    let kept = of.metrics();
    let keys = kept.keys(of.operation());
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
        show_rate(keys, kept.recovery.ended(now, succeeded));
    } else if kept.recovery.is_due(now) {
        refresh(of, tokens(), now);
    }
}

/// Sets the gauges that change with time, some time after they were last set.
#[cold]
fn refresh(of: &impl Measured, tokens: Option<f64>, now: Instant) {
    let kept = of.metrics();
    let keys = kept.keys(of.operation());
    if let Some(rate) = kept.recovery.rate(now) {
        show_rate(keys, rate);
    }
    show_tokens(keys, tokens);
}

fn show_rate(keys: &Keys, rate: f64) {
    with_recorder(|recorder| {
        let gauge = recorder.register_gauge(&keys.success_rate, &METADATA);
        gauge.set(rate);
    });
}

fn show_tokens(keys: &Keys, tokens: Option<f64>) {
    if let Some(least) = tokens {
        with_recorder(|recorder| {
            let gauge = recorder.register_gauge(&keys.budget_tokens, &METADATA);
            gauge.set(least);
        });
    }
}

/// Records the wait before a retry.
pub(crate) fn waits(of: &impl Measured, wait: Duration) {
    let keys = of.metrics().keys(of.operation());
    with_recorder(|recorder| {
        let histogram = recorder.register_histogram(&keys.wait, &METADATA);
        histogram.record(wait.as_secs_f64());
    });
}

/// Records the request for a token: `paid` or refused.
///
/// `tokens` are those left in the queried budgets, the least of them.
pub(crate) fn withdrew(of: &impl Measured, tokens: impl FnOnce() -> Option<f64>, paid: bool) {
    let kept = of.metrics();
    let keys = kept.keys(of.operation());
    if !paid {
        with_recorder(|recorder| {
            let key = &keys.budget_exhausted;
            recorder.register_counter(key, &METADATA).increment(1);
        });
    }
    kept.recovery.shown(clock::now());
    show_tokens(keys, tokens());
}

/// A hedge, from its start. A hedge that is dropped before its end was overtaken.
pub(crate) struct RunningHedge {
    operation: Operation,
    is_counted: bool,
}

impl RunningHedge {
    pub(crate) const fn new(operation: Operation) -> Self {
        let is_counted = false;
        Self {
            operation,
            is_counted,
        }
    }

    pub(crate) fn ended(&mut self, succeeded: bool) {
        self.count(if succeeded {
            AttemptResult::Success
        } else {
            AttemptResult::Failed
        });
    }

    fn count(&mut self, attempt: AttemptResult) {
        if !std::mem::replace(&mut self.is_counted, true) {
            count_attempt(&self.operation, HEDGE, attempt);
        }
    }
}

impl Drop for RunningHedge {
    fn drop(&mut self) {
        self.count(AttemptResult::Dropped);
    }
}
