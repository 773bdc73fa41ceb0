//! A store whose answers are compared with another's: its fences have the names of its claims, and
//! its times begin with the test.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use retry_effects::store::{
    Claim, ClaimId, ClaimRequest, Filter, InputHash, Payload, Resolved, Silent,
};
use retry_effects::{ActionId, EffectStore, Fence, Record, StoreError, Token};

use super::same_decisions::{Asked, Named, Step};

/// One of the two stores, and what it calls its claims.
pub(super) struct Side {
    store: Arc<dyn EffectStore>,
    tokens: Vec<Token>,
    /// The claims by their fences, from 1.
    claims: HashMap<(ActionId, Fence), usize>,
    /// The time of its clock when the test began.
    began: SystemTime,
}

impl Side {
    pub(super) fn new(store: Arc<dyn EffectStore>, began: SystemTime) -> Self {
        Self {
            store,
            tokens: Vec::new(),
            claims: HashMap::new(),
            began,
        }
    }

    async fn fence(&self, id: ActionId, named: Named) -> Fence {
        let record = self.store.get(id).await.expect("a record can be read");
        let fence = record.map_or(Fence::NONE, |record| record.fence);
        match named {
            Named::Right => fence,
            Named::Wrong => Fence::new(fence.number() + 1),
            Named::Former(back) => {
                let mut of = self.tokens.iter().rev().filter(|token| token.id() == id);
                of.nth(back).map_or(fence, Token::fence)
            }
        }
    }

    fn token(&self, back: usize, forged: bool) -> Option<Token> {
        let token = self.tokens.get(self.tokens.len().checked_sub(back + 1)?)?;
        Some(if forged {
            Token::new(token.id(), token.fence(), ClaimId::from_bits(7))
        } else {
            *token
        })
    }

    fn claim_of(&self, id: ActionId, fence: Fence) -> String {
        let claim = self.claims.get(&(id, fence));
        claim.map_or_else(
            || format!("no claim ({fence})"),
            |claim| format!("claim {claim}"),
        )
    }

    /// Takes a step, and says what came of it.
    pub(super) async fn take(
        &mut self,
        step: &Step,
        ids: &[ActionId],
        claim_id: ClaimId,
    ) -> String {
        let store = self.store.clone();
        match step {
            Step::Claim(asked) => self.claim(asked, ids[asked.key], claim_id).await,
            Step::Complete(back, forged, outcome) => match self.token(*back, *forged) {
                Some(token) => self.said(token.id(), store.complete(&token, outcome.clone()).await),
                None => String::new(),
            },
            Step::Renew(back, forged, lease) => match self.token(*back, *forged) {
                Some(token) => {
                    let lease = Duration::from_millis(*lease);
                    self.said(token.id(), store.renew(&token, lease).await)
                }
                None => String::new(),
            },
            Step::Release(back, forged) => match self.token(*back, *forged) {
                Some(token) => {
                    let released = store.release(&token).await;
                    let released = released.map(|found| {
                        found.map(|found| (self.claim_of(token.id(), found.fence), found.payload))
                    });
                    self.said(token.id(), released)
                }
                None => String::new(),
            },
            Step::Settle(key, named, word) => {
                let fence = self.fence(ids[*key], *named).await;
                let settled = store.settle(ids[*key], fence, word.clone()).await;
                self.said(ids[*key], settled)
            }
            Step::Purge(age) => {
                // How many depends on what was swept; what is left does not.
                let purged = store.purge(Duration::from_millis(*age)).await;
                format!("{}", purged.is_ok())
            }
            Step::Pass(_) => String::new(),
        }
    }

    async fn claim(&mut self, asked: &Asked, id: ActionId, claim_id: ClaimId) -> String {
        let record = self.store.get(id).await.expect("a record can be read");
        let own = record.as_ref().filter(|_| asked.again);
        let own = own.and_then(|record| record.claim_id);
        let renewals = record.as_ref().map_or(0, |record| record.renewals);
        let mut request = ClaimRequest::new(id, "model");
        request.scope = Some("a scope".into());
        request.claim_id = own.unwrap_or(claim_id);
        request.input_hash = asked.hash.map(|byte| InputHash::from_bytes([byte; 32]));
        request.lease = Duration::from_millis(asked.lease);
        request.keep = Duration::from_millis(asked.keep);
        request.retain = asked.retain.map(Duration::from_millis);
        if let Some(named) = asked.takeover {
            request.takeover = Some(self.fence(id, named).await);
        }
        if let Some((named, more)) = asked.silent {
            let fence = self.fence(id, named).await;
            let renewals = renewals + more;
            request.silent = Some(Silent { fence, renewals });
        }
        match self.store.pending(&request).await.expect("an answer") {
            Claim::Won(token) => {
                let newest = self.claims.len() + 1;
                if !self.claims.contains_key(&(id, token.fence())) {
                    for former in self.tokens.iter().filter(|former| former.id() == id) {
                        assert!(former.fence() < token.fence(), "{token:?} after {former:?}");
                    }
                    self.claims.insert((id, token.fence()), newest);
                    self.tokens.push(token);
                }
                format!("won {}", self.claim_of(id, token.fence()))
            }
            Claim::InDoubt(record) => format!("in doubt {}", self.shown(&record)),
            Claim::Mismatch => "mismatch".to_owned(),
            Claim::Busy(busy) => self.resolved(id, &Resolved::Busy(busy)),
            Claim::Done(finished) => self.resolved(id, &Resolved::Done(finished)),
            Claim::Failed(finished) => self.resolved(id, &Resolved::Failed(finished)),
        }
    }

    fn said<T: std::fmt::Debug>(&self, id: ActionId, answer: Result<T, StoreError>) -> String {
        use StoreError::{Changed, LeaseLost};
        match answer {
            Ok(answer) => format!("{answer:?}"),
            Err(LeaseLost { fence, .. }) => format!("lost {}", self.claim_of(id, fence)),
            Err(Changed { status, fence, .. }) => {
                format!("changed {status} {}", self.claim_of(id, fence))
            }
            Err(other) => other.to_string(),
        }
    }

    fn resolved(&self, id: ActionId, resolved: &Resolved) -> String {
        match resolved {
            Resolved::Free => "free".to_owned(),
            Resolved::Busy(busy) => {
                let mut of = *busy;
                of.fence = Fence::NONE;
                format!("{} {of:?}", self.claim_of(id, busy.fence))
            }
            Resolved::Done(finished) | Resolved::Failed(finished) => {
                let kind = matches!(resolved, Resolved::Done(_));
                let (payload, hash) = (finished.payload.json(), finished.input_hash);
                let claim = self.claim_of(id, finished.fence);
                let format = finished.payload.format();
                format!("{kind} {claim} {payload} {format} {hash:?}")
            }
            Resolved::InDoubt(record) => self.shown(record),
        }
    }

    /// As if the test had begun in 1970.
    fn shifted(&self, time: SystemTime) -> SystemTime {
        let since = time.duration_since(self.began);
        SystemTime::UNIX_EPOCH + since.expect("not before the test")
    }

    fn shown(&self, record: &Record) -> String {
        let mut of = record.clone();
        of.fence = Fence::NONE;
        of.created_at = self.shifted(of.created_at);
        of.completed_at = of.completed_at.map(|at| self.shifted(at));
        let json = record.payload.as_ref().map(Payload::json);
        format!("{} {of:?} {json:?}", self.claim_of(record.id, record.fence))
    }

    /// All that can be read of each action.
    pub(super) async fn all(&self, ids: &[ActionId]) -> Vec<String> {
        // Asked for together, which saves most of the time.
        let asked: Vec<_> = ids
            .iter()
            .map(|id| (*id, self.store.resolve(*id), self.store.get(*id)))
            .collect();
        let mut all = Vec::new();
        for (id, resolved, record) in asked {
            let resolved = resolved.await.expect("an answer");
            all.push(self.resolved(id, &resolved));
            let record = record.await.expect("an answer");
            all.push(record.map_or_else(String::new, |record| self.shown(&record)));
        }
        all
    }

    /// Returns the contents of lists and counts.
    pub(super) async fn counted(&self) -> Vec<String> {
        let mut all = Vec::new();
        let listed = self.store.list(&Filter::all()).await.expect("a list");
        all.extend(listed.iter().map(|record| self.shown(record)));
        all.push(format!("{:?}", self.store.counts().await.expect("a count")));
        all
    }
}
