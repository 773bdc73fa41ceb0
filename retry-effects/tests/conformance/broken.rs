//! Stores with one fault each, which the suite must find.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Condvar, Mutex, RwLock};
use std::thread::ThreadId;
use std::time::Duration;

use retry_effects::conformance::{Harness, HarnessFuture};
use retry_effects::store::{
    Busy, Changed, Claim, ClaimId, ClaimRequest, Counts, Filter, Finished, Payload, Resolved,
    Settlement, Silent, Status, StoreFuture,
};
use retry_effects::{
    ActionId, EffectStore, Fence, InMemoryEffectStore, ManualClock, Outcome, Reason, Record,
    StoreError, Token,
};

/// The fault of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The control: no fault.
    None,
    RecordsForgotten,
    BusyWithoutLease,
    ReplayOfNothing,
    InDoubtIsBusy,
    UnknownHashCompared,
    FinishedTakenOver,
    FencesShrink,
    ClaimByReadThenWrite,
    TakeoverByReadThenWrite,
    CompletionByReadThenWrite,
    CompletionWithoutFence,
    CompletionOfAnyOutcome,
    CompletionOnce,
    CompletionBeforeExpiryOnly,
    CompletionUnknownAccepted,
    InDoubtIsFinal,
    AppliedForgotten,
    ExpiredIsAbsent,
    ExpiredIsPending,
    TakeoverWithoutFence,
    TakeoverOfTheLiving,
    SilenceIgnored,
    SilenceUnchecked,
    ClaimIdIgnored,
    HashIgnored,
    HashOfReleasedCompared,
    ReplayOfFailureAsSuccess,
    RenewalWithoutEffect,
    RenewalOfAnything,
    RenewalBeforeExpiryOnly,
    ReleaseOfAnything,
    ReleaseOnce,
    ReleaseWithoutResult,
    SettlementOfTheLiving,
    SettlementWithoutFence,
    SettlementOfAnyState,
    SettlementNeverReplaces,
    SettlementLosesRecord,
    PurgeTakesOpenRecords,
    PurgeIgnoresAge,
    PurgeIgnoresKeep,
    PurgeMiscounts,
    PurgeRestartsFences,
    RetainIgnored,
    RetainForAll,
    ListUnordered,
    ListIgnoresStatus,
    ListIgnoresAge,
    ListRepeatsLast,
    ListIgnoresLimit,
    CountsFinishedOnly,
    RecordLosesRenewals,
    FormatLost,
    ResultInAscii,
    NamesCut,
    WakeUpLost,
    WakeUpFromFirstPoll,
    ReasonIsOutcome,
    ReasonIsResult,
    ReasonOutlivesDoubt,
    ReasonDropped,
    ReasonCut,
}

/// Each fault, and a rule that it breaks.
pub(crate) const TABLE: &[(Fault, &str)] = &[
    (Fault::RecordsForgotten, "records_outlive_the_store"),
    (Fault::BusyWithoutLease, "a_pending_action_is_busy"),
    (Fault::ReplayOfNothing, "a_success_is_replayed"),
    (Fault::InDoubtIsBusy, "an_action_in_doubt_is_not_run"),
    (
        Fault::UnknownHashCompared,
        "unknown_arguments_are_not_compared",
    ),
    (
        Fault::FinishedTakenOver,
        "a_finished_action_is_not_taken_over",
    ),
    (Fault::FencesShrink, "an_absent_action_is_won"),
    (Fault::ClaimByReadThenWrite, "no_two_run_at_once"),
    (Fault::ClaimByReadThenWrite, "of_many_claims_one_wins"),
    (Fault::TakeoverByReadThenWrite, "of_many_takeovers_one_wins"),
    (
        Fault::CompletionByReadThenWrite,
        "a_completion_and_a_takeover_exclude_each_other",
    ),
    (Fault::CompletionWithoutFence, "the_former_owner_has_lost"),
    (Fault::CompletionOfAnyOutcome, "another_outcome_is_refused"),
    (
        Fault::CompletionOfAnyOutcome,
        "a_late_failure_never_replaces_a_success",
    ),
    (Fault::CompletionOnce, "the_same_outcome_again_is_accepted"),
    (
        Fault::CompletionBeforeExpiryOnly,
        "a_late_success_is_accepted",
    ),
    (
        Fault::CompletionUnknownAccepted,
        "nobody_completes_without_a_claim",
    ),
    (Fault::InDoubtIsFinal, "an_owner_in_doubt_completes"),
    (Fault::AppliedForgotten, "applied_sticks"),
    (
        Fault::AppliedForgotten,
        "an_applied_record_is_never_taken_over",
    ),
    (Fault::ExpiredIsAbsent, "a_lease_that_runs_out_is_in_doubt"),
    (Fault::ExpiredIsPending, "a_lease_that_runs_out_is_in_doubt"),
    (
        Fault::TakeoverWithoutFence,
        "a_takeover_names_the_fence_that_it_saw",
    ),
    (
        Fault::TakeoverOfTheLiving,
        "a_living_claim_is_not_taken_over",
    ),
    (Fault::SilenceIgnored, "an_owner_seen_silent_is_in_doubt"),
    (
        Fault::SilenceUnchecked,
        "an_owner_that_gave_a_sign_of_life_is_busy",
    ),
    (Fault::ClaimIdIgnored, "a_claim_asked_again_is_found_again"),
    (Fault::HashIgnored, "other_arguments_are_a_mismatch"),
    (
        Fault::HashOfReleasedCompared,
        "a_released_action_is_won_anew",
    ),
    (Fault::ReplayOfFailureAsSuccess, "a_failure_is_replayed"),
    (Fault::RenewalWithoutEffect, "a_renewal_prolongs_the_lease"),
    (
        Fault::RenewalOfAnything,
        "a_claim_that_is_over_is_not_renewed",
    ),
    (
        Fault::RenewalBeforeExpiryOnly,
        "an_expired_claim_is_renewed_by_its_owner",
    ),
    (
        Fault::ReleaseOfAnything,
        "a_claim_that_is_over_is_not_released",
    ),
    (Fault::ReleaseOnce, "a_release_frees_the_action"),
    (
        Fault::ReleaseWithoutResult,
        "a_release_that_meets_a_success_returns_it",
    ),
    (
        Fault::SettlementOfTheLiving,
        "a_living_owner_is_not_settled_away",
    ),
    (
        Fault::SettlementWithoutFence,
        "a_record_that_has_changed_is_not_settled",
    ),
    (
        Fault::SettlementOfAnyState,
        "a_record_that_has_changed_is_not_settled",
    ),
    (
        Fault::SettlementNeverReplaces,
        "a_success_that_no_longer_decodes_is_replaced",
    ),
    (
        Fault::SettlementLosesRecord,
        "a_person_says_that_it_happened",
    ),
    (
        Fault::SettlementLosesRecord,
        "a_person_says_that_it_did_not_happen",
    ),
    (
        Fault::PurgeTakesOpenRecords,
        "a_purge_takes_what_is_finished_and_nothing_else",
    ),
    (Fault::PurgeIgnoresAge, "a_purge_respects_age_and_keep"),
    (Fault::PurgeIgnoresKeep, "a_purge_respects_age_and_keep"),
    (
        Fault::PurgeMiscounts,
        "a_purge_takes_what_is_finished_and_nothing_else",
    ),
    (Fault::PurgeRestartsFences, "fences_grow_across_a_purge"),
    (Fault::RetainIgnored, "a_retained_record_goes_by_itself"),
    (Fault::RetainForAll, "a_retained_record_goes_by_itself"),
    (
        Fault::ListUnordered,
        "a_list_is_in_order_and_comes_in_pages",
    ),
    (Fault::ListIgnoresStatus, "a_list_is_filtered"),
    (Fault::ListIgnoresAge, "a_list_is_filtered"),
    (
        Fault::ListRepeatsLast,
        "a_list_is_in_order_and_comes_in_pages",
    ),
    (
        Fault::ListIgnoresLimit,
        "a_list_is_in_order_and_comes_in_pages",
    ),
    (Fault::CountsFinishedOnly, "records_are_counted"),
    (Fault::RecordLosesRenewals, "a_record_shows_everything"),
    (Fault::FormatLost, "results_come_back_as_they_were"),
    (Fault::ResultInAscii, "results_come_back_as_they_were"),
    (Fault::NamesCut, "names_come_back_as_they_were"),
    (Fault::WakeUpLost, "a_change_wakes"),
    (Fault::WakeUpFromFirstPoll, "waiting_begins_with_the_call"),
    (Fault::ReasonIsOutcome, "a_reason_decides_nothing"),
    (Fault::ReasonIsResult, "a_reason_decides_nothing"),
    (Fault::ReasonOutlivesDoubt, "a_reason_decides_nothing"),
    (Fault::ReasonDropped, "the_reason_of_a_doubt_is_kept"),
    (Fault::ReasonCut, "the_reason_of_a_doubt_is_kept"),
];

/// Creates stores with this fault.
pub(crate) struct BrokenStores {
    fault: Fault,
    clock: ManualClock,
    /// Whether they state that they keep reasons.
    keeps_reasons: bool,
}

impl BrokenStores {
    pub(crate) fn new(fault: Fault) -> Self {
        Self {
            fault,
            clock: ManualClock::new(),
            keeps_reasons: true,
        }
    }

    /// Creates stores that keep no reasons, and are correct all the same.
    pub(crate) fn without_reasons() -> Self {
        let mut stores = Self::new(Fault::ReasonDropped);
        stores.keeps_reasons = false;
        stores
    }
}

impl Harness for BrokenStores {
    fn fresh_store(&self) -> HarnessFuture<'_, Arc<dyn EffectStore>> {
        let store = InMemoryEffectStore::with_clock(self.clock.clone());
        let store = Arc::new(Broken {
            fault: self.fault,
            clock: self.clock.clone(),
            inner: RwLock::new(store),
            gone: Mutex::default(),
            doubted: Mutex::default(),
            reasons: Mutex::default(),
            made_on: std::thread::current().id(),
            reached: Mutex::default(),
            reaches: Condvar::new(),
        });
        Box::pin(async { store as Arc<dyn EffectStore> })
    }

    fn pass_time(&self, time: Duration) -> HarnessFuture<'_, ()> {
        self.clock.advance(time);
        Box::pin(async {})
    }

    /// The records in memory are still there when the store is opened "again".
    fn reopen(
        &self,
        store: Arc<dyn EffectStore>,
    ) -> HarnessFuture<'_, Option<Arc<dyn EffectStore>>> {
        if self.fault == Fault::RecordsForgotten {
            return Box::pin(async { Some(self.fresh_store().await) });
        }
        Box::pin(async { Some(store) })
    }

    fn keeps_reasons(&self) -> bool {
        self.keeps_reasons
    }

    /// A wake-up in memory comes at once, or never.
    fn patience(&self) -> Duration {
        Duration::from_millis(50)
    }
}

/// The in-memory store, with a fault.
#[derive(Debug)]
struct Broken {
    fault: Fault,
    clock: ManualClock,
    inner: RwLock<InMemoryEffectStore>,
    /// Records that a fault has lost.
    gone: Mutex<HashSet<ActionId>>,
    /// Records whose owners reported a doubt.
    doubted: Mutex<HashSet<ActionId>>,
    /// The first reason of each.
    reasons: Mutex<HashMap<ActionId, Reason>>,
    made_on: ThreadId,
    /// How many threads of a race have reached each place, by action.
    reached: Mutex<HashMap<(ActionId, Place), u32>>,
    reaches: Condvar,
}

/// The place of a thread in a race.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Place {
    /// It has read, and not written.
    Read,
    /// It has written.
    Written,
}

impl Broken {
    fn inner(&self) -> InMemoryEffectStore {
        self.inner.read().unwrap().clone()
    }

    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    async fn record(&self, id: ActionId) -> Option<Record> {
        self.inner().get(id).await.unwrap()
    }

    /// In a race, returns once two threads are here with the same action: neither has written what
    /// the other has read, or both have. A third thread does not wait.
    fn meet(&self, id: ActionId, at: Place) {
        self.reach(id, at);
        self.wait_for(id, at, 2);
    }

    /// In a race, records that a thread is here with this action.
    fn reach(&self, id: ActionId, at: Place) {
        if self.is_race() {
            *self.reached.lock().unwrap().entry((id, at)).or_default() += 1;
            self.reaches.notify_all();
        }
    }

    /// In a race, returns once this many threads have been there. The bound ends a test that would
    /// hang.
    fn wait_for(&self, id: ActionId, at: Place, threads: u32) {
        if self.is_race() {
            let reached = self.reached.lock().unwrap();
            let are_missing = |reached: &mut HashMap<_, _>| {
                reached.get(&(id, at)).copied().unwrap_or(0) < threads
            };
            drop(
                self.reaches
                    .wait_timeout_while(reached, Duration::from_secs(10), are_missing)
                    .unwrap(),
            );
        }
    }

    /// Whether this is a thread of a race: the rules make all other calls on the thread that made the
    /// store.
    fn is_race(&self) -> bool {
        std::thread::current().id() != self.made_on
    }

    async fn claim(&self, request: &ClaimRequest) -> Result<Claim, StoreError> {
        let inner = self.inner();
        let mut request = request.clone();
        let found = self.record(request.id).await;
        let is = |status| found.as_ref().is_some_and(|found| found.status == status);
        let own = found.as_ref().and_then(|found| found.claim_id) == Some(request.claim_id);
        let fence = found.as_ref().map_or(Fence::NONE, |found| found.fence);
        let expired = self.expired(request.id).await;
        match self.fault {
            Fault::ClaimByReadThenWrite if found.is_none() || is(Status::Released) => {
                self.meet(request.id, Place::Read);
                let won = won_anyway(inner.pending(&request).await?, &request);
                self.meet(request.id, Place::Written);
                return Ok(won);
            }
            // The owner reported the doubt: the races of takeovers do not use lapsed leases.
            Fault::TakeoverByReadThenWrite
                if is(Status::InDoubt) && !expired && request.takeover == Some(fence) =>
            {
                self.meet(request.id, Place::Read);
                let won = won_anyway(inner.pending(&request).await?, &request);
                self.meet(request.id, Place::Written);
                return Ok(won);
            }
            Fault::CompletionByReadThenWrite if request.takeover.is_some() && expired => {
                self.wait_for(request.id, Place::Read, 1);
                let claim = inner.pending(&request).await;
                self.reach(request.id, Place::Written);
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

    async fn completion(&self, token: &Token, outcome: Outcome) -> Result<(), StoreError> {
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
                    self.reach(token.id(), Place::Read);
                    self.wait_for(token.id(), Place::Written, 1);
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

    /// Whether it is in doubt by its lease alone: its owner never reported a doubt.
    async fn expired(&self, id: ActionId) -> bool {
        let record = self.record(id).await;
        record.is_some_and(|record| record.status == Status::InDoubt)
            && !self.doubted.lock().unwrap().contains(&id)
    }

    async fn settlement(
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

    async fn purged(&self, age: Duration) -> Result<u64, StoreError> {
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

    async fn listed(&self, filter: &Filter) -> Result<Vec<Record>, StoreError> {
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

    async fn shown(&self, id: ActionId) -> Option<Record> {
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

/// Returns a won claim, whatever the store answers: the record that it read before was free.
fn won_anyway(claim: Claim, request: &ClaimRequest) -> Claim {
    match claim {
        Claim::Busy(busy) => Claim::Won(Token::new(request.id, busy.fence, request.claim_id)),
        claim => claim,
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
