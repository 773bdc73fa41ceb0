//! Values that the engine reports to metrics, with or without the feature.

use crate::classify::judgement::{Judgement, Proof, Verdict};
use crate::text::circuit_name::CircuitName;

/// The end of an attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AttemptResult {
    Success,
    Failed,
    Unknown,
    NotRetryable,
    /// Cut by the call's time limit, or overtaken.
    Dropped,
}

impl AttemptResult {
    /// Returns the end of an attempt that failed.
    pub(crate) fn failed(judgement: Judgement) -> Self {
        match judgement.verdict() {
            _ if judgement.proof() == Proof::Unknown => Self::Unknown,
            Verdict::Retry | Verdict::RetryAfter(_) => Self::Failed,
            Verdict::Stop => Self::NotRetryable,
        }
    }
}

/// The end of a call through a circuit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum CircuitCall {
    Success,
    Failure,
    Rejected,
    /// Its permit was dropped without a verdict.
    Dropped,
}

/// A circuit's labels.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "metrics"), expect(dead_code, reason = "nobody listens"))]
pub(crate) struct Circuit<'a> {
    pub(crate) name: &'a CircuitName,
    /// The class of the operation to which the circuit belongs.
    pub(crate) class: Option<&'static str>,
}
