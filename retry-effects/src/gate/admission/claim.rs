//! The claim of an action: sent again without an answer, released without its caller.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use retry_core::__private::Limits;

use super::request::Request;
use crate::gate::error::EffectError;
use crate::gate::lease_keeper;
use crate::protocol::claim::{Claim, ClaimRequest, Silent};
use crate::protocol::ids::{ClaimId, Token};
use crate::protocol::outcome::Outcome;
use crate::protocol::record::{Record, Resolved};
use crate::protocol::store::{EffectStore, StoreFuture};
use crate::protocol::store_error::StoreError;

/// A claim that was won.
pub(super) struct Won {
    pub(super) token: Token,
    /// The time just before the claim was sent to the store.
    pub(super) sent_at: Instant,
}

impl Request {
    /// Claims the action; `taken_over` is the record in doubt that is taken over, `sent_at` the time just
    /// before.
    pub(super) fn claim<'a>(
        &'a self,
        taken_over: Option<&'a Record>,
        silent: Option<Silent>,
        sent_at: Instant,
    ) -> impl Future<Output = Result<Result<Won, Resolved>, EffectError>> + Send {
        let claim_id = if self.store.in_process() {
            ClaimId::in_process()
        } else {
            ClaimId::random()
        };
        let mut in_flight = ClaimInFlight {
            store: &self.store,
            request: Some(ClaimRequest {
                id: self.id,
                claim_id,
                action_type: self.name.clone(),
                scope: self.scope.clone(),
                input_hash: self.input_hash,
                lease: self.lease,
                keep: self.keep(),
                retain: self.retain,
                takeover: taken_over.map(|record| record.fence),
                silent,
            }),
            taken_over,
        };
        // No async function: its future would hold each of its arguments twice.
        async move {
            if let Err(error) = lease_keeper::start() {
                in_flight.request.take();
                return Err(self.without_keeper(error));
            }
            let mut sends = 0;
            let claim = loop {
                sends += 1;
                // The claim id is the same in each, so a claim that was made is found again.
                match in_flight.send().await {
                    // A store that was slow to fail would be slow again.
                    Err(StoreError::Unavailable { .. })
                        if sends < SENDS && sent_at.elapsed() < SOON => {}
                    answer => break answer,
                }
            };
            if claim.is_ok() {
                in_flight.request.take();
            }
            Ok(match claim.map_err(|error| self.store_failed(error))? {
                Claim::Won(token) => Ok(Won { token, sent_at }),
                Claim::Busy(busy) => Err(Resolved::Busy(busy)),
                Claim::Done(finished) => Err(Resolved::Done(finished)),
                Claim::Failed(finished) => Err(Resolved::Failed(finished)),
                Claim::InDoubt(record) => Err(Resolved::InDoubt(record)),
                Claim::Mismatch => return Err(self.mismatch()),
            })
        }
    }

    /// Returns the time for which a late owner may still be active after the action is finished.
    fn keep(&self) -> Duration {
        let total = self.limits.as_ref().and_then(Limits::left);
        self.lease.saturating_add(total.unwrap_or_default())
    }
}

/// The maximum number of sends of a claim without an answer, if each failure arrives soon.
const SENDS: u32 = 3;
/// A failure within this time is soon.
pub(super) const SOON: Duration = Duration::from_secs(1);

/// A claim in flight. If its call is dropped before the answer, the claim is looked up and released:
/// nothing ran under it.
struct ClaimInFlight<'a> {
    store: &'a Arc<dyn EffectStore>,
    /// `None` after the answer.
    request: Option<ClaimRequest>,
    /// The record in doubt that is taken over.
    taken_over: Option<&'a Record>,
}

impl ClaimInFlight<'_> {
    fn send(&self) -> StoreFuture<'_, Claim> {
        let request = self.request.as_ref().expect("the claim is not answered");
        self.store.pending(request)
    }
}

impl Drop for ClaimInFlight<'_> {
    fn drop(&mut self) {
        let Some(mut request) = self.request.take() else {
            return;
        };
        // If an earlier send has made the claim, the store finds it by its claim id. If none has, a silent
        // owner keeps its claim: this call no longer needs it.
        request.silent = None;
        let store = self.store.clone();
        let reason = self.taken_over.and_then(|record| record.reason.clone());
        lease_keeper::spawn(async move {
            if let Ok(Claim::Won(token)) = store.pending(&request).await {
                // A record that was in doubt before stays in doubt.
                let _ = match request.takeover {
                    None => store.release(&token).await.map(drop),
                    Some(_) => {
                        let outcome = Outcome::in_doubt(reason);
                        store.complete(&token, outcome).await
                    }
                };
            }
        });
    }
}
