//! What is measured: calls, and the operations that they are calls of.

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
    /// None where the breaker rejected the first.
    pub(crate) attempts: u32,
    pub(crate) outcome: Outcome,
}

/// Whose metrics these are.
pub(crate) trait Measured {
    /// Its name and class.
    fn operation(&self) -> &Operation;
    /// What is kept for it.
    #[cfg_attr(not(feature = "metrics"), expect(dead_code, reason = "nobody listens"))]
    fn metrics(&self) -> &'static OfOperation;
}
