//! Settlements, purges, lists and records, and the faults that spoil them.

use std::time::Duration;

use retry_effects::store::{Filter, Payload, Settlement, Status};
use retry_effects::{
    ActionId, EffectStore, Fence, InMemoryEffectStore, Reason, Record, StoreError, Token,
};

use super::fault::Fault;
use super::store::Broken;

impl Broken {
    pub(super) async fn settlement(
        &self,
        id: ActionId,
        fence: Fence,
        word: Settlement,
    ) -> Result<(), StoreError> {
        let inner = self.inner();
        let Some(found) = self.record(id).await else {
            return inner.settle(id, fence, word).await;
        };
        match self.fault {
            Fault::SettlementOfTheLiving if found.status == Status::Pending => {
                let token = Token::new(id, fence, found.claim_id.unwrap());
                inner.release(&token).await.map(|_| ())
            }
            Fault::SettlementWithoutFence => inner.settle(id, found.fence, word).await,
            Fault::SettlementOfAnyState if fence == found.fence => {
                let _ = inner.settle(id, fence, word).await;
                Ok(())
            }
            Fault::SettlementNeverReplaces if found.status == Status::Success => {
                Err(StoreError::changed(found.status, found.fence))
            }
            Fault::SettlementLosesRecord => {
                let settled = inner.settle(id, fence, word).await;
                self.gone.lock().unwrap().insert(id);
                settled
            }
            _ => inner.settle(id, fence, word).await,
        }
    }

    pub(super) async fn purged(&self, age: Duration) -> Result<u64, StoreError> {
        let inner = self.inner();
        let age = if self.has(Fault::PurgeIgnoresAge) {
            Duration::ZERO
        } else {
            age
        };
        let mut purged = inner.purge(age).await?;
        match self.fault {
            Fault::PurgeTakesOpenRecords => {
                let open = inner.list(&Filter::all()).await?;
                purged += open.len() as u64;
                self.gone
                    .lock()
                    .unwrap()
                    .extend(open.iter().map(|record| record.id));
            }
            Fault::PurgeMiscounts => purged = purged.min(1),
            Fault::PurgeRestartsFences if inner.counts().await?.total() == 0 => {
                *self.inner.write().unwrap() = InMemoryEffectStore::with_clock(self.clock.clone());
            }
            _ => {}
        }
        Ok(purged)
    }

    pub(super) async fn listed(&self, filter: &Filter) -> Result<Vec<Record>, StoreError> {
        let mut filter = filter.clone();
        match self.fault {
            Fault::ListIgnoresStatus => filter.status = None,
            Fault::ListIgnoresAge => filter.older_than = None,
            Fault::ListIgnoresLimit => filter.limit = None,
            _ => {}
        }
        let mut records = self.inner().list(&filter).await?;
        match self.fault {
            Fault::ListUnordered => records.reverse(),
            Fault::ListRepeatsLast => {
                if let Some(after) = filter.after
                    && !records.is_empty()
                {
                    records.pop();
                    records.insert(0, self.record(after).await.unwrap());
                }
            }
            _ => {}
        }
        Ok(records)
    }

    pub(super) async fn shown(&self, id: ActionId) -> Option<Record> {
        let mut record = self.record(id).await?;
        if self.gone.lock().unwrap().contains(&id) {
            return None;
        }
        if self.has(Fault::RecordLosesRenewals) {
            record.renewals = 0;
        }
        if self.has(Fault::ReasonOutlivesDoubt) {
            record.reason = self.reasons.lock().unwrap().get(&id).cloned();
        }
        if self.has(Fault::ReasonIsResult) && record.status == Status::InDoubt {
            let text = record.reason.as_ref().map(Reason::as_str);
            record.payload = text.map(|text| Payload::new(format!("{text:?}")));
        }
        if self.has(Fault::ExpiredIsPending) && self.expired(id).await {
            record.status = Status::Pending;
        }
        Some(record)
    }
}
