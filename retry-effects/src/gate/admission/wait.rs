//! The wait for another owner: until the action changes, or the owner counts as silent.

use std::time::{Duration, Instant};

use retry_core::__private::Limits;

use super::request::Request;
use crate::gate::blocking::{self, CannotBlock};
use crate::gate::error::EffectError;
use crate::gate::options::OnBusy;
use crate::protocol::claim::Silent;
use crate::protocol::ids::ClaimId;
use crate::protocol::record::{Busy, Resolved};

/// The owner's state that a waiter last saw, and the time when it first saw it.
pub(super) struct Watch {
    pub(super) silent: Silent,
    since: Instant,
}

impl Request {
    /// Waits until the owner may have ended, and reads the state again.
    pub(super) async fn wait(
        &self,
        busy: Busy,
        seen: tokio::time::Instant,
    ) -> Result<Resolved, EffectError> {
        if self.on_busy == OnBusy::Fail {
            return Err(self.in_progress(busy.left));
        }
        let changed = self.store.changed(self.id);
        // It may have ended between the read that found it busy and the registration for changes.
        let busy = match self.resolve().await? {
            Resolved::Busy(busy) => busy,
            other => return Ok(other),
        };
        let left = self.patience(&busy, seen);
        if left.is_zero() {
            return Err(self.in_progress(busy.left));
        }
        // A lease that runs out reports no change.
        let mut pause = left.min(busy.left.saturating_add(Duration::from_millis(1)));
        if !self.store.hears_all() {
            pause = pause.min(poll_after(seen.elapsed()));
        }
        // Stores that need a runtime are awaited on the lease keeper's runtime.
        if self.blocks && !self.store.needs_runtime() {
            blocking::wait(changed, pause).map_err(|CannotBlock| EffectError::CannotBlock {
                action_type: (*self.name).into(),
                what: "the call that holds the claim",
            })?;
        } else {
            let _ = tokio::time::timeout(pause, changed).await;
        }
        self.resolve().await
    }

    /// Returns the time for which this call would still wait: the rest of its time limit, else of
    /// one lease (the owner's, if longer) from the time when the owner was first seen.
    fn patience(&self, busy: &Busy, seen: tokio::time::Instant) -> Duration {
        match self.limits.as_ref().and_then(Limits::left) {
            Some(left) => left,
            None => self.lease.max(busy.lease).saturating_sub(seen.elapsed()),
        }
    }
}

/// Returns the time until the next check if not all changes are reported: a tenth of the time waited so
/// far, from 2 to 100 ms, spread by half so that many waiters do not query at once.
fn poll_after(waited: Duration) -> Duration {
    let step = (waited / 10).clamp(Duration::from_millis(2), Duration::from_millis(100));
    let spread = u32::try_from(ClaimId::random().bits() & 0xffff).unwrap_or(0);
    step / 2 + step * spread / 0x2_0000
}

/// Returns the owner as silent, once it has shown no sign of life for a whole lease by this
/// waiter's clock.
pub(super) fn silence(watch: &mut Option<Watch>, busy: Busy) -> Option<Silent> {
    let seen = Silent {
        fence: busy.fence,
        renewals: busy.renewals,
    };
    match watch {
        Some(watch) if watch.silent == seen => {
            (watch.since.elapsed() >= busy.lease).then_some(seen)
        }
        _ => {
            *watch = Some(Watch {
                silent: seen,
                since: Instant::now(),
            });
            None
        }
    }
}
