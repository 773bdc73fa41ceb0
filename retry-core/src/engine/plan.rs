//! What a call is made by, and what it carries from attempt to attempt.

use super::deadline::Limits;
use super::guards::in_force::Guards;
use super::nesting::standing::Inner;
use crate::clock::Moment;
use crate::operation::Operation;
use crate::policy::nested::Nested;
use crate::policy::retry_policy::RetryPolicy;
use crate::report::metrics::Started;
use crate::settings::installed;

/// What does not change in a call.
#[derive(Clone, Copy)]
pub(crate) struct Plan<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) policy: &'a RetryPolicy,
    /// As given; `None` leaves it to the process.
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

/// What a call carries from attempt to attempt: 24 bytes of its future.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempts {
    /// Retries made so far: the attempt that runs, or the next one, less 1.
    pub(super) retries: u32,
    /// The first failure, if somebody asked for the time by then.
    pub(super) failed: Option<Moment>,
    /// The last wait in nanoseconds, for decorrelated jitter; halved so as to align to 4 bytes.
    pub(super) previous: [u32; 2],
    /// A call that gave up in the attempt that runs.
    pub(super) inner: Inner,
    /// What the time budget had spent, less the time since the first failure, in milliseconds, when
    /// this call charged it last.
    pub(super) lead: u32,
    /// Whether an attempt failed of which nothing states what it did: the error of a later one does not
    /// tell of it.
    pub(super) is_unproved: bool,
    /// When the call began: of no size where no metrics are built in.
    pub(super) started: Started,
}

impl Attempts {
    /// A call that begins now.
    #[must_use]
    #[inline]
    pub(crate) fn new() -> Self {
        Self {
            retries: 0,
            failed: None,
            previous: [0; 2],
            inner: Inner::NONE,
            lead: 0,
            is_unproved: false,
            started: Started::now(),
        }
    }

    /// Where the attempt that runs leaves a call that gave up in it.
    #[inline]
    pub(crate) const fn inner(&mut self) -> &mut Inner {
        &mut self.inner
    }

    /// The attempt that runs, from 1.
    #[must_use]
    #[inline]
    pub(crate) const fn number(&self) -> u32 {
        self.retries.saturating_add(1)
    }
}
