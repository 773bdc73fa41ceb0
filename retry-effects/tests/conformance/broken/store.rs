//! The in-memory store, with a fault.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, RwLock};
use std::time::Duration;

use retry_effects::store::{
    Changed, Claim, ClaimRequest, Counts, Filter, Finished, Resolved, Settlement, Status,
    StoreFuture,
};
use retry_effects::{
    ActionId, EffectStore, Fence, InMemoryEffectStore, ManualClock, Outcome, Reason, Record,
    StoreError, Token,
};

use super::fault::Fault;
use super::race::Race;

/// The in-memory store, with a fault.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) fault: Fault,
    pub(super) clock: ManualClock,
    pub(super) inner: RwLock<InMemoryEffectStore>,
    /// Records that a fault has lost.
    pub(super) gone: Mutex<HashSet<ActionId>>,
    /// Records whose owners reported a doubt.
    pub(super) doubted: Mutex<HashSet<ActionId>>,
    /// The first reason of each.
    pub(super) reasons: Mutex<HashMap<ActionId, Reason>>,
    pub(super) race: Race,
}

impl Broken {
    pub(super) fn new(fault: Fault, clock: ManualClock) -> Self {
        Self {
            fault,
            inner: RwLock::new(InMemoryEffectStore::with_clock(clock.clone())),
            clock,
            gone: Mutex::default(),
            doubted: Mutex::default(),
            reasons: Mutex::default(),
            race: Race::new(),
        }
    }

    pub(super) fn inner(&self) -> InMemoryEffectStore {
        self.inner.read().unwrap().clone()
    }

    pub(super) fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    pub(super) async fn record(&self, id: ActionId) -> Option<Record> {
        self.inner().get(id).await.unwrap()
    }

    /// Whether it is in doubt by its lease alone: its owner never reported a doubt.
    pub(super) async fn expired(&self, id: ActionId) -> bool {
        let record = self.record(id).await;
        record.is_some_and(|record| record.status == Status::InDoubt)
            && !self.doubted.lock().unwrap().contains(&id)
    }
}

impl EffectStore for Broken {
    fn resolve(&self, id: ActionId) -> StoreFuture<'_, Resolved> {
        StoreFuture::new(async move {
            if self.gone.lock().unwrap().contains(&id) {
                return Ok(Resolved::Free);
            }
            self.inner().resolve(id).await
        })
    }

    fn pending<'a>(&'a self, request: &'a ClaimRequest) -> StoreFuture<'a, Claim> {
        StoreFuture::new(self.claim(request))
    }

    fn complete<'a>(&'a self, token: &'a Token, outcome: Outcome) -> StoreFuture<'a, ()> {
        StoreFuture::new(self.completion(token, outcome))
    }

    fn renew<'a>(&'a self, token: &'a Token, lease: Duration) -> StoreFuture<'a, ()> {
        StoreFuture::new(async move {
            match self.fault {
                Fault::RenewalWithoutEffect => Ok(()),
                Fault::RenewalOfAnything => {
                    let _ = self.inner().renew(token, lease).await;
                    Ok(())
                }
                Fault::RenewalBeforeExpiryOnly if self.expired(token.id()).await => {
                    Err(StoreError::lease_lost(token.fence()))
                }
                _ => self.inner().renew(token, lease).await,
            }
        })
    }

    fn release<'a>(&'a self, token: &'a Token) -> StoreFuture<'a, Option<Finished>> {
        StoreFuture::new(async move {
            let found = self.record(token.id()).await.map(|found| found.status);
            let answer = self.inner().release(token).await;
            match self.fault {
                Fault::ReleaseOfAnything => Ok(answer.unwrap_or_default()),
                Fault::ReleaseOnce if found == Some(Status::Released) => {
                    Err(StoreError::lease_lost(token.fence()))
                }
                Fault::ReleaseWithoutResult => answer.map(|_| None),
                _ => answer,
            }
        })
    }

    fn get(&self, id: ActionId) -> StoreFuture<'_, Option<Record>> {
        StoreFuture::new(async move { Ok(self.shown(id).await) })
    }

    fn list<'a>(&'a self, filter: &'a Filter) -> StoreFuture<'a, Vec<Record>> {
        StoreFuture::new(self.listed(filter))
    }

    fn purge(&self, age: Duration) -> StoreFuture<'_, u64> {
        StoreFuture::new(self.purged(age))
    }

    fn settle<'a>(
        &'a self,
        id: ActionId,
        fence: Fence,
        settlement: Settlement,
    ) -> StoreFuture<'a, ()> {
        StoreFuture::new(self.settlement(id, fence, settlement))
    }

    fn counts(&self) -> StoreFuture<'_, Counts> {
        StoreFuture::new(async move {
            let mut counts = self.inner().counts().await?;
            if self.has(Fault::CountsFinishedOnly) {
                (counts.pending, counts.in_doubt) = (0, 0);
            }
            Ok(counts)
        })
    }

    fn changed(&self, id: ActionId) -> Changed {
        let inner = self.inner();
        match self.fault {
            Fault::WakeUpLost => Changed::never(),
            Fault::WakeUpFromFirstPoll => Changed::new(async move { inner.changed(id).await }),
            _ => inner.changed(id),
        }
    }

    fn hears_all(&self) -> bool {
        true
    }
}
