//! [`Plan`]: the fixed data of a call.

use super::deadline::Limits;
use super::guards::in_force::Guards;
use crate::operation::Operation;
use crate::policy::nested::Nested;
use crate::policy::retry_policy::RetryPolicy;
use crate::settings::installed;

/// Data that does not change in a call.
#[derive(Clone, Copy)]
pub(crate) struct Plan<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) policy: &'a RetryPolicy,
    /// As given; `None` leaves it to the settings of the process.
    pub(crate) nested: Option<Nested>,
    pub(crate) limits: Option<&'a Limits>,
    pub(crate) guards: Option<&'a Guards<'a>>,
}

impl Plan<'_> {
    pub(super) fn heeds_inner_calls(&self) -> bool {
        let nested = self.nested.unwrap_or_else(|| installed::current().nested);
        nested == Nested::Stop
    }
}
