//! What the engine says to metrics, whether they are built in or not.

use super::Started;
use crate::classify::judgement::{Judgement, Proof, Verdict};
use crate::engine::ending::Outcome;
use crate::guard::budget::retry_budget::RetryBudget;

/// How an attempt ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Attempt {
    Success,
    Failed,
    Unknown,
    NotRetryable,
    /// Cut by the call's time limit, or overtaken.
    Dropped,
}

impl Attempt {
    /// One that failed.
    pub(crate) fn failed(judgement: Judgement) -> Self {
        match judgement.verdict() {
            _ if judgement.proof() == Proof::Unknown => Self::Unknown,
            Verdict::Retry | Verdict::RetryAfter(_) => Self::Failed,
            Verdict::Stop => Self::NotRetryable,
        }
    }
}

/// How a call of a circuit went.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CircuitCall {
    Success,
    Failure,
    Rejected,
    /// Its permit was dropped without a verdict.
    Dropped,
}

/// A call that has ended.
#[derive(Debug)]
#[cfg_attr(not(feature = "metrics"), expect(dead_code, reason = "nobody listens"))]
pub(crate) struct Call<'a> {
    pub(crate) started: Started,
    /// None where the breaker rejected the first.
    pub(crate) attempts: u32,
    pub(crate) outcome: Outcome,
    /// The budget that the call asked for itself.
    pub(crate) budget: Option<&'a RetryBudget>,
}
