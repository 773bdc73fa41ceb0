//! What the engine says to metrics, whether they are built in or not.

use crate::classify::judgement::{Judgement, Proof, Verdict};
use crate::text::circuit_name::CircuitName;

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

/// A circuit, as its labels name it.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "metrics"), expect(dead_code, reason = "nobody listens"))]
pub(crate) struct Circuit<'a> {
    pub(crate) name: &'a CircuitName,
    /// Of the operation that it was made for.
    pub(crate) class: Option<&'static str>,
}
