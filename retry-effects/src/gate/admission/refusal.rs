//! The errors of a call that is not admitted.

use std::io;
use std::time::Duration;

use super::request::Request;
use crate::gate::error::EffectError;
use crate::protocol::store_error::StoreError;

impl Request {
    pub(super) fn in_progress(&self, retry_after: Duration) -> EffectError {
        EffectError::InProgress {
            action_type: (*self.name).into(),
            id: self.id,
            retry_after,
        }
    }

    /// Returns the error of a store that did not answer within the call's time limit.
    pub(crate) fn too_late(&self) -> EffectError {
        self.store_failed(StoreError::unavailable(
            "answer",
            "the time limit of the call is over",
        ))
    }

    /// Returns the error of a call that has no lease keeper. It claims nothing, as no thread would
    /// renew its lease.
    pub(crate) fn without_keeper(&self, error: io::Error) -> EffectError {
        self.store_failed(StoreError::unavailable(
            "be used: the thread that renews leases cannot be started",
            error,
        ))
    }

    pub(super) fn mismatch(&self) -> EffectError {
        EffectError::PayloadMismatch {
            action_type: (*self.name).into(),
            id: self.id,
        }
    }

    pub(super) fn store_failed(&self, source: StoreError) -> EffectError {
        EffectError::Store {
            action_type: (*self.name).into(),
            source,
        }
    }
}
