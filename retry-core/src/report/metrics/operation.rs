//! [`OperationMetrics`]: metrics state of one operation.

use std::sync::OnceLock;

use ::metrics::Key;
use tokio::time::Instant;

use super::descriptions;
use super::labels::AttemptResult;
use super::recovery::Recovery;
use super::series::key;
use crate::clock;
use crate::operation::Operation;
use crate::report::call_outcome::CallOutcome;

/// Start of a call.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallStart(pub(super) Instant);

impl CallStart {
    #[inline]
    pub(crate) fn now() -> Self {
        Self(clock::now())
    }
}

impl AttemptResult {
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

pub(super) const HEDGE: usize = 2;

impl CallOutcome {
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

/// Metrics state of one operation: its keys, not the handles behind them, because another recorder may
/// be installed by the next call.
#[derive(Debug, Default)]
pub(crate) struct OperationMetrics {
    keys: OnceLock<Box<Keys>>,
    pub(super) recovery: Recovery,
}

#[derive(Debug)]
pub(super) struct Keys {
    pub(super) attempts: [[Key; AttemptResult::ALL.len()]; PHASES.len()],
    pub(super) calls: [Key; CallOutcome::ALL.len()],
    pub(super) success_rate: Key,
    pub(super) duration: Key,
    pub(super) attempts_per_call: Key,
    pub(super) wait: Key,
    pub(super) budget_tokens: Key,
    pub(super) budget_exhausted: Key,
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
                AttemptResult::ALL.map(|result| {
                    let (phase, result) = (("phase", phase), ("result", result.label()));
                    key("retry_attempts_total", &[operation, class, phase, result])
                })
            }),
            calls: CallOutcome::ALL.map(|outcome| {
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

impl OperationMetrics {
    #[inline]
    pub(super) fn keys(&self, operation: &Operation) -> &Keys {
        self.keys.get_or_init(|| Keys::new(operation))
    }
}
