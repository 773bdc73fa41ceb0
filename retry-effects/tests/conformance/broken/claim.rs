//! Claims, and the faults that spoil them.

use std::time::Duration;

use retry_effects::store::{Busy, Claim, ClaimId, ClaimRequest, Payload, Silent, Status};
use retry_effects::{EffectStore, Fence, StoreError, Token};

use super::fault::Fault;
use super::race::Place;
use super::store::Broken;

impl Broken {
    pub(super) async fn claim(&self, request: &ClaimRequest) -> Result<Claim, StoreError> {
        let inner = self.inner();
        let mut request = request.clone();
        let found = self.record(request.id).await;
        let is = |status| found.as_ref().is_some_and(|found| found.status == status);
        let own = found.as_ref().and_then(|found| found.claim_id) == Some(request.claim_id);
        let fence = found.as_ref().map_or(Fence::NONE, |found| found.fence);
        let expired = self.expired(request.id).await;
        match self.fault {
            Fault::ClaimByReadThenWrite if found.is_none() || is(Status::Released) => {
                self.race.meet(request.id, Place::Read);
                let won = won_anyway(inner.pending(&request).await?, &request);
                self.race.meet(request.id, Place::Written);
                return Ok(won);
            }
            // The owner reported the doubt: the races of takeovers do not use lapsed leases.
            Fault::TakeoverByReadThenWrite
                if is(Status::InDoubt) && !expired && request.takeover == Some(fence) =>
            {
                self.race.meet(request.id, Place::Read);
                let won = won_anyway(inner.pending(&request).await?, &request);
                self.race.meet(request.id, Place::Written);
                return Ok(won);
            }
            Fault::CompletionByReadThenWrite if request.takeover.is_some() && expired => {
                self.race.wait_for(request.id, Place::Read, 1);
                let claim = inner.pending(&request).await;
                self.race.reach(request.id, Place::Written);
                return claim;
            }
            Fault::ExpiredIsAbsent if expired => request.takeover = Some(fence),
            Fault::TakeoverWithoutFence if request.takeover.is_some() => {
                request.takeover = Some(fence);
            }
            Fault::TakeoverOfTheLiving if request.takeover.is_some() => {
                let renewals = found.as_ref().map_or(0, |found| found.renewals);
                request.silent = Some(Silent { fence, renewals });
            }
            Fault::SilenceIgnored => request.silent = None,
            Fault::SilenceUnchecked if request.silent.is_some() => {
                let renewals = found.as_ref().map_or(0, |found| found.renewals);
                request.silent = Some(Silent { fence, renewals });
            }
            Fault::ClaimIdIgnored if own && is(Status::Pending) => {
                request.claim_id = ClaimId::random();
            }
            Fault::HashIgnored => request.input_hash = None,
            Fault::HashOfReleasedCompared
                if is(Status::Released)
                    && found.as_ref().unwrap().input_hash != request.input_hash =>
            {
                return Ok(Claim::Mismatch);
            }
            Fault::UnknownHashCompared
                if found
                    .as_ref()
                    .is_some_and(|found| found.input_hash != request.input_hash) =>
            {
                return Ok(Claim::Mismatch);
            }
            Fault::FinishedTakenOver if request.takeover.is_some() && is(Status::Success) => {
                return Ok(Claim::Won(Token::new(request.id, fence, request.claim_id)));
            }
            Fault::PurgeIgnoresKeep => request.keep = Duration::ZERO,
            Fault::RetainIgnored => request.retain = None,
            Fault::RetainForAll => request.retain = Some(request.retain.unwrap_or_default()),
            Fault::NamesCut => {
                let cut = |name: &'_ str| name.chars().take(255).collect::<String>();
                request.action_type = cut(&request.action_type).into();
                request.scope = request.scope.map(|scope| cut(&scope).into());
            }
            _ => {}
        }
        let claim = inner.pending(&request).await?;
        Ok(match claim {
            Claim::Failed(finished) if self.has(Fault::ReplayOfFailureAsSuccess) => {
                Claim::Done(finished)
            }
            Claim::Done(mut finished) if self.has(Fault::ReplayOfNothing) => {
                finished.payload = Payload::new("null");
                Claim::Done(finished)
            }
            Claim::Busy(mut busy) if self.has(Fault::BusyWithoutLease) => {
                busy.lease = Duration::ZERO;
                Claim::Busy(busy)
            }
            Claim::InDoubt(record) if self.has(Fault::InDoubtIsBusy) => Claim::Busy(Busy {
                fence: record.fence,
                renewals: record.renewals,
                lease: Duration::ZERO,
                left: Duration::ZERO,
                input_hash: record.input_hash,
            }),
            Claim::Won(token) if self.has(Fault::FencesShrink) => {
                let fence = Fence::new(u64::MAX - token.fence().number());
                Claim::Won(Token::new(token.id(), fence, token.claim_id()))
            }
            claim => claim,
        })
    }
}

/// Returns a won claim, whatever the store answers: the record that it read before was free.
fn won_anyway(claim: Claim, request: &ClaimRequest) -> Claim {
    match claim {
        Claim::Busy(busy) => Claim::Won(Token::new(request.id, busy.fence, request.claim_id)),
        claim => claim,
    }
}
