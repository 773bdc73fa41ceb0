//! Measured subjects: calls, and the operations to which they belong.

#[cfg(not(feature = "metrics"))]
use super::nothing::{OfOperation, Started};
#[cfg(feature = "metrics")]
use super::operation::{OfOperation, Started};
use crate::operation::Operation;
use crate::report::outcome::Outcome;

/// A call that has ended.
#[derive(Debug)]
#[cfg_attr(not(feature = "metrics"), expect(dead_code, reason = "nobody listens"))]
pub(crate) struct Call {
    pub(crate) started: Started,
    /// 0 if the breaker rejected the first attempt.
    pub(crate) attempts: u32,
    pub(crate) outcome: Outcome,
}

/// A subject whose metrics are kept.
pub(crate) trait Measured {
    /// Returns its name and class.
    fn operation(&self) -> &Operation;
    /// Returns its metrics state.
    #[cfg_attr(not(feature = "metrics"), expect(dead_code, reason = "nobody listens"))]
    fn metrics(&self) -> &'static OfOperation;
}
