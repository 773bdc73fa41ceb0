//! Completions, and the faults that spoil them.

use retry_effects::store::{Payload, Status};
use retry_effects::{EffectStore, Outcome, Reason, StoreError, Token};

use super::fault::Fault;
use super::race::Place;
use super::store::Broken;

impl Broken {
    pub(super) async fn completion(
        &self,
        token: &Token,
        outcome: Outcome,
    ) -> Result<(), StoreError> {
        let inner = self.inner();
        let found = self.record(token.id()).await;
        let status = found.as_ref().map(|found| found.status);
        let own = found.as_ref().map(|found| found.fence) == Some(token.fence());
        let lost = Err(StoreError::lease_lost(token.fence()));
        let doubt = matches!(outcome, Outcome::InDoubt { .. });
        if doubt && own {
            self.doubted.lock().unwrap().insert(token.id());
        }
        let outcome = match outcome {
            Outcome::InDoubt { reason, .. } if self.has(Fault::AppliedForgotten) => {
                Outcome::in_doubt(reason)
            }
            Outcome::InDoubt {
                applied,
                reason: Some(reason),
            } => {
                let mut reasons = self.reasons.lock().unwrap();
                let first = reasons.entry(token.id()).or_insert_with(|| reason.clone());
                if self.has(Fault::ReasonIsOutcome) && *first != reason {
                    return lost;
                }
                let reason = self.kept(&reason);
                Outcome::InDoubt { applied, reason }
            }
            Outcome::Success(payload) => Outcome::Success(self.written(&payload)),
            outcome => outcome,
        };
        match self.fault {
            Fault::CompletionOnce if status.is_some_and(|is| is != Status::Pending) => lost,
            Fault::InDoubtIsFinal
                if status == Some(Status::InDoubt) && !doubt && !self.expired(token.id()).await =>
            {
                lost
            }
            Fault::CompletionBeforeExpiryOnly
                if status == Some(Status::InDoubt) && self.expired(token.id()).await =>
            {
                lost
            }
            Fault::CompletionWithoutFence => {
                let Some(found) = found else { return lost };
                let claim_id = found.claim_id.unwrap();
                let token = Token::new(found.id, found.fence, claim_id);
                inner.complete(&token, outcome).await
            }
            Fault::CompletionByReadThenWrite => {
                if matches!(outcome, Outcome::Success(_)) {
                    self.race.reach(token.id(), Place::Read);
                    self.race.wait_for(token.id(), Place::Written, 1);
                }
                let answer = inner.complete(token, outcome).await;
                if own { Ok(()) } else { answer }
            }
            Fault::CompletionOfAnyOutcome => {
                let answer = inner.complete(token, outcome).await;
                if own { Ok(()) } else { answer }
            }
            Fault::CompletionUnknownAccepted => {
                let answer = inner.complete(token, outcome).await;
                if found.is_none() { Ok(()) } else { answer }
            }
            _ => inner.complete(token, outcome).await,
        }
    }

    fn written(&self, payload: &Payload) -> Payload {
        match self.fault {
            Fault::FormatLost => Payload::new(payload.json()),
            Fault::ResultInAscii => {
                let ascii = |c: char| if c.is_ascii() { c } else { '?' };
                Payload::new(payload.json().chars().map(ascii).collect::<String>())
            }
            _ => payload.clone(),
        }
    }

    /// Returns what it keeps of a reason.
    fn kept(&self, reason: &Reason) -> Option<Reason> {
        match self.fault {
            Fault::ReasonDropped => None,
            Fault::ReasonCut => Some(Reason::new(
                reason.as_str().chars().take(255).collect::<String>(),
            )),
            _ => Some(reason.clone()),
        }
    }
}
