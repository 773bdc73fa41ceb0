//! Measured subjects: calls, and the operations to which they belong.

#[cfg(feature = "metrics")]
use super::operation::{CallStart, OperationMetrics};
#[cfg(not(feature = "metrics"))]
use super::stand_ins::{CallStart, OperationMetrics};
use crate::operation::Operation;
use crate::report::call_outcome::CallOutcome;

/// A call that has ended.
#[derive(Debug)]
#[cfg_attr(not(feature = "metrics"), expect(dead_code, reason = "nobody listens"))]
pub(crate) struct EndedCall {
    pub(crate) started: CallStart,
    /// 0 if the breaker rejected the first attempt.
    pub(crate) attempts: u32,
    pub(crate) outcome: CallOutcome,
}

/// A subject whose metrics are kept.
pub(crate) trait Measured {
    /// Returns its name and class.
    fn operation(&self) -> &Operation;
    /// Returns its metrics state.
    #[cfg_attr(not(feature = "metrics"), expect(dead_code, reason = "nobody listens"))]
    fn metrics(&self) -> &'static OperationMetrics;
}
