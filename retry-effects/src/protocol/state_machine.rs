//! The state machine: the effect of each request on a record. Pure functions of the record, the request
//! and the store's time; every store that decides in Rust decides here.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::identity::action_id::ActionId;
use crate::protocol::claim::{Claim, ClaimRequest};
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
use crate::protocol::filter::Filter;
use crate::protocol::ids::InputHash;
use crate::protocol::ids::{ClaimId, Fence, Token};
use crate::protocol::outcome::{Outcome, Settlement};
use crate::protocol::payload::Payload;
use crate::protocol::reason::Reason;
use crate::protocol::record::Busy;
use crate::protocol::record::{Finished, Record, Resolved, Status};
use crate::protocol::store_error::StoreError;
use crate::protocol::text::Text;

/// The time on the store's clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// Nanoseconds on the clock that decides leases.
    pub(crate) lease: u64,
    /// The wall clock in milliseconds since 1970: for operators, and for the age of a record.
    pub(crate) wall: u64,
}

/// One record, without its id.
#[derive(Clone, Debug)]
pub(crate) struct Slot {
    pub(crate) status: Status,
    /// Whether it is known that the effect happened, though not with which result.
    pub(crate) applied: bool,
    pub(crate) fence: Fence,
    /// All zero in the record of another program.
    pub(crate) claim_id: ClaimId,
    pub(crate) input_hash: Option<InputHash>,
    pub(crate) action_type: Text,
    pub(crate) scope: Text,
    /// A time on the store's lease clock. While the record is pending: the end of the lease. Once it is
    /// finished: the time of the finish, or `u64::MAX` if the clock was another one then (before a reboot).
    pub(crate) lease_until: u64,
    /// The whole lease in nanoseconds.
    pub(crate) lease: u64,
    pub(crate) renewals: u64,
    /// Milliseconds since 1970.
    pub(crate) created: u64,
    /// Milliseconds since 1970; 0 while it is not finished.
    pub(crate) completed: u64,
    /// The minimum retention once it is finished, in milliseconds.
    pub(crate) keep: u64,
    /// The age at which the finished record may be removed without a purge, in milliseconds, but not before
    /// `keep`. `u64::MAX`: it is kept until a purge.
    pub(crate) retain: u64,
    /// The result or error of a finished record; in doubt, the [reason](Reason::to_payload).
    pub(crate) payload: Option<Payload>,
}

/// Claims an action. `slot` is the recorded state on entry and the state to record on return; it
/// changes only if the claim is won under a new fence.
///
/// `fence` gives the store's next fence; `interned` converts a text to one that records share.
#[cfg(feature = "conformance")]
pub(crate) fn claim(
    slot: &mut Option<Slot>,
    request: &ClaimRequest,
    now: Now,
    fence: impl FnOnce() -> Fence,
    mut interned: impl FnMut(&str) -> Arc<str>,
) -> Claim {
    let created = match slot {
        Some(found) => match found.grant(request, now) {
            Ok(created) => created,
            Err(refusal) => return refusal,
        },
        None => now.wall,
    };
    let fence = fence();
    *slot = Some(Slot::claimed(request, created, fence, now, &mut interned));
    Claim::Won(Token::new(request.id, fence, request.claim_id))
}

impl Slot {
    /// Returns the record of a won claim.
    pub(crate) fn claimed(
        request: &ClaimRequest,
        created: u64,
        fence: Fence,
        now: Now,
        mut interned: impl FnMut(&str) -> Arc<str>,
    ) -> Self {
        Self {
            status: Status::Pending,
            applied: false,
            fence,
            claim_id: request.claim_id,
            input_hash: request.input_hash,
            action_type: match &request.action_type {
                Cow::Borrowed(text) => Text::Fixed(text),
                Cow::Owned(text) => interned(text).into(),
            },
            scope: match &request.scope {
                None => Text::EMPTY,
                Some(text) => interned(text).into(),
            },
            lease_until: now.lease.saturating_add(nanos(request.lease)),
            lease: nanos(request.lease),
            renewals: 0,
            created,
            completed: 0,
            keep: millis(request.keep),
            retain: request.retain.map_or(u64::MAX, millis),
            payload: None,
        }
    }

    /// Returns the record of a claim that is unchanged since it was won, as far as its owner's changes
    /// depend on it.
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
    pub(crate) fn own(token: &Token) -> Self {
        Self {
            status: Status::Pending,
            applied: false,
            fence: token.fence(),
            claim_id: token.claim_id(),
            input_hash: None,
            action_type: Text::EMPTY,
            scope: Text::EMPTY,
            lease_until: u64::MAX,
            lease: 0,
            renewals: 0,
            created: 0,
            completed: 0,
            keep: 0,
            retain: u64::MAX,
            payload: None,
        }
    }

    /// Decides a claim. `Ok` means that the claim gets a new fence, and holds the time of the action's first
    /// claim. `Err` means that it gets none, and holds the answer for the caller.
    #[inline]
    pub(crate) fn grant(&self, request: &ClaimRequest, now: Now) -> Result<u64, Claim> {
        if self.is_over(now) {
            return Ok(now.wall);
        }
        match self.answer_unless_granted(request, now) {
            None => Ok(self.created),
            Some(answer) => Err(answer),
        }
    }

    /// Returns the answer to a claim that gets no new fence; `None` if the claim is granted.
    fn answer_unless_granted(&self, request: &ClaimRequest, now: Now) -> Option<Claim> {
        if self.status == Status::Released {
            return None;
        }
        if self.status == Status::Pending && self.claim_id == request.claim_id {
            // The claim is found again: its acknowledgement was lost.
            let token = Token::new(request.id, self.fence, request.claim_id);
            return Some(Claim::Won(token));
        }
        if differ(self.input_hash, request.input_hash) {
            return Some(Claim::Mismatch);
        }
        match self.resolved(request.id, now) {
            Resolved::Free => None,
            Resolved::Busy(busy) => {
                let silent = request.silent.is_some_and(|silent| {
                    silent.fence == busy.fence && silent.renewals == busy.renewals
                });
                if !silent {
                    return Some(Claim::Busy(busy));
                }
                self.refuse_unless_takeover(request, now)
            }
            Resolved::Done(finished) => Some(Claim::Done(finished)),
            Resolved::Failed(finished) => Some(Claim::Failed(finished)),
            Resolved::InDoubt(_) => self.refuse_unless_takeover(request, now),
        }
    }

    /// Returns the answer to a claim on a record in doubt; `None` if the claim is a takeover of this record,
    /// which is granted.
    fn refuse_unless_takeover(&self, request: &ClaimRequest, now: Now) -> Option<Claim> {
        if request.takeover == Some(self.fence) && !self.applied {
            return None;
        }
        let mut record = self.record(request.id, now);
        if record.status == Status::Pending {
            record.reason = Some(Reason::new(SILENT));
            record.age = Some(self.since_created(now));
        }
        record.status = Status::InDoubt;
        record.lease_left = None;
        Some(Claim::InDoubt(Box::new(record)))
    }

    /// Returns the recorded state as the gate reads it.
    pub(crate) fn resolved(&self, id: ActionId, now: Now) -> Resolved {
        if self.is_over(now) {
            return Resolved::Free;
        }
        match self.status_at(now) {
            Status::Released => Resolved::Free,
            Status::Pending => Resolved::Busy(Busy {
                fence: self.fence,
                renewals: self.renewals,
                lease: Duration::from_nanos(self.lease),
                left: Duration::from_nanos(self.lease_until.saturating_sub(now.lease)),
                input_hash: self.input_hash,
            }),
            Status::Success => Resolved::Done(self.finished()),
            Status::Failed => Resolved::Failed(self.finished()),
            Status::InDoubt => Resolved::InDoubt(Box::new(self.record(id, now))),
        }
    }

    /// Returns the record of a finished action.
    pub(crate) fn finished(&self) -> Finished {
        let payload = self.payload.clone();
        Finished::new(
            self.fence,
            payload.unwrap_or_else(|| Payload::new("null")),
            self.input_hash,
        )
    }

    /// Returns the status: a claim whose lease has run out is in doubt.
    pub(crate) fn status_at(&self, now: Now) -> Status {
        if self.status == Status::Pending && now.lease >= self.lease_until {
            Status::InDoubt
        } else {
            self.status
        }
    }

    pub(crate) fn is_finished(&self) -> bool {
        matches!(
            self.status,
            Status::Success | Status::Failed | Status::Released
        )
    }

    /// Whether it is finished and its retention is over: equal to an absent record.
    pub(crate) fn is_over(&self, now: Now) -> bool {
        self.over_at().is_some_and(|over_at| now.wall >= over_at)
            && self.age(now) >= self.retention()
    }

    /// Returns the wall clock's time from which it is over; `None` if it is kept until a purge.
    pub(crate) fn over_at(&self) -> Option<u64> {
        let kept = self.retain != u64::MAX && self.is_finished();
        kept.then(|| self.completed.saturating_add(self.retention()))
    }

    /// Returns the age from which it is over, in milliseconds.
    pub(crate) fn retention(&self) -> u64 {
        self.retain.max(self.keep)
    }

    /// Whether a purge of records older than `age` milliseconds may remove it.
    pub(crate) fn is_purgeable(&self, age: u64, now: Now) -> bool {
        self.is_finished() && self.age(now) >= self.keep && self.age(now) >= age
    }

    /// Returns the milliseconds since it was finished: by the wall clock, and also by the lease clock
    /// if that clock was already running then. A wall clock that is set forward makes no record older.
    fn age(&self, now: Now) -> u64 {
        let by_wall = now.wall.saturating_sub(self.completed);
        match self.lease_until {
            u64::MAX => by_wall,
            finished => by_wall.min(now.lease.saturating_sub(finished) / 1_000_000),
        }
    }

    /// Records an outcome. Returns whether anything changed.
    pub(crate) fn complete(
        &mut self,
        token: &Token,
        outcome: Outcome,
        now: Now,
    ) -> Result<bool, StoreError> {
        let lost = StoreError::lease_lost(token.fence());
        if !self.is_of(token) {
            return Err(lost);
        }
        match self.status {
            Status::Pending | Status::InDoubt => {}
            Status::Success | Status::Failed | Status::Released => {
                return if self.has(&outcome) {
                    Ok(false)
                } else {
                    Err(lost)
                };
            }
        }
        match outcome {
            Outcome::InDoubt { applied, reason } => {
                if self.status == Status::InDoubt && (self.applied || !applied) {
                    return Ok(false);
                }
                self.status = Status::InDoubt;
                self.applied |= applied;
                if let Some(reason) = reason {
                    self.payload = Some(reason.to_payload());
                }
                // Its owner has stopped: no call has to wait for it.
                self.lease_until = self.lease_until.min(now.lease);
            }
            Outcome::Success(payload) => self.finish(Status::Success, Some(payload), now),
            Outcome::Failed(payload) => self.finish(Status::Failed, Some(payload), now),
        }
        Ok(true)
    }

    /// Whether this outcome is already recorded.
    fn has(&self, outcome: &Outcome) -> bool {
        let recorded = |payload: &Payload| self.payload.as_ref() == Some(payload);
        match outcome {
            Outcome::Success(payload) => self.status == Status::Success && recorded(payload),
            Outcome::Failed(payload) => self.status == Status::Failed && recorded(payload),
            Outcome::InDoubt { .. } => false,
        }
    }

    fn finish(&mut self, status: Status, payload: Option<Payload>, now: Now) {
        self.status = status;
        self.applied = false;
        self.payload = payload;
        self.completed = now.wall;
        // From here on, this is the time of the finish, by the lease clock.
        self.lease_until = now.lease;
    }

    /// Extends the lease.
    pub(crate) fn renew(
        &mut self,
        token: &Token,
        lease: Duration,
        now: Now,
    ) -> Result<(), StoreError> {
        let is_open = matches!(self.status, Status::Pending | Status::InDoubt);
        if !self.is_of(token) || !is_open {
            return Err(StoreError::lease_lost(token.fence()));
        }
        if self.status == Status::Pending {
            self.lease = nanos(lease);
            self.lease_until = now.lease.saturating_add(self.lease);
            self.renewals += 1;
        }
        Ok(())
    }

    /// Releases the claim. Returns whether anything changed, and the result if there is one.
    pub(crate) fn release(
        &mut self,
        token: &Token,
        now: Now,
    ) -> Result<(bool, Option<Finished>), StoreError> {
        if !self.is_of(token) {
            return Err(StoreError::lease_lost(token.fence()));
        }
        match self.status {
            Status::Success => Ok((false, Some(self.finished()))),
            Status::Released => Ok((false, None)),
            Status::Failed => Err(StoreError::lease_lost(token.fence())),
            Status::InDoubt if self.applied => Err(StoreError::lease_lost(token.fence())),
            Status::Pending | Status::InDoubt => {
                self.finish(Status::Released, None, now);
                Ok((true, None))
            }
        }
    }

    /// Applies an operator's settlement.
    pub(crate) fn settle(
        &mut self,
        fence: Fence,
        settlement: Settlement,
        now: Now,
    ) -> Result<bool, StoreError> {
        let status = self.status_at(now);
        let changed = StoreError::changed(status, self.fence);
        if fence != self.fence {
            return Err(changed);
        }
        match (settlement, status) {
            (Settlement::Success(payload), Status::Success)
                if self.payload.as_ref() == Some(&payload) =>
            {
                Ok(false)
            }
            (Settlement::Success(payload), Status::Success | Status::InDoubt | Status::Pending) => {
                self.finish(Status::Success, Some(payload), now);
                Ok(true)
            }
            (Settlement::NotApplied, Status::Released) => Ok(false),
            (Settlement::NotApplied, Status::InDoubt | Status::Pending) => {
                // Until the lease is over, the owner may still run. A record in doubt is checked too.
                let left = self.lease_until.saturating_sub(now.lease);
                if left > 0 {
                    return Err(StoreError::owner_alive(Duration::from_nanos(left)));
                }
                self.finish(Status::Released, None, now);
                Ok(true)
            }
            (Settlement::Success(_), Status::Failed | Status::Released)
            | (Settlement::NotApplied, Status::Success | Status::Failed) => Err(changed),
        }
    }

    /// Whether a filter selects it; order and limit are not considered.
    #[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
    pub(crate) fn is_selected(&self, filter: &Filter, now: Now) -> bool {
        let stands = filter
            .status
            .is_none_or(|status| status == self.status_at(now));
        let age = now.wall.saturating_sub(self.created);
        let is_older = filter.older_than.is_none_or(|than| age > millis(than));
        stands && is_older && !self.is_over(now)
    }

    fn is_of(&self, token: &Token) -> bool {
        self.fence == token.fence() && self.claim_id == token.claim_id()
    }

    /// Returns the full record, for operators.
    pub(crate) fn record(&self, id: ActionId, now: Now) -> Record {
        let status = self.status_at(now);
        let mut record = Record::new(id, status, time(self.created));
        record.action_type = self.action_type.to_string();
        record.scope = self.scope.to_string();
        record.fence = self.fence;
        record.claim_id = (self.claim_id.bits() != 0).then_some(self.claim_id);
        record.input_hash = self.input_hash;
        match status {
            Status::Success | Status::Failed => record.payload = self.payload.clone(),
            Status::InDoubt => record.reason = self.reason(),
            Status::Pending | Status::Released => {}
        }
        record.applied = self.applied;
        record.completed_at = self.is_finished().then(|| time(self.completed));
        record.lease_left = (status == Status::Pending)
            .then(|| Duration::from_nanos(self.lease_until.saturating_sub(now.lease)));
        record.renewals = self.renewals;
        record.lease_over = (status == Status::InDoubt)
            .then(|| Duration::from_nanos(now.lease.saturating_sub(self.lease_until)));
        record.age = (status == Status::InDoubt).then(|| self.since_created(now));
        record
    }

    fn since_created(&self, now: Now) -> Duration {
        Duration::from_millis(now.wall.saturating_sub(self.created))
    }

    /// Returns the reason of a record in doubt.
    fn reason(&self) -> Option<Reason> {
        if self.status == Status::InDoubt {
            return self.payload.as_ref().and_then(Reason::from_payload);
        }
        Some(Reason::new(if self.claim_id.bits() == 0 {
            UNFINISHED
        } else {
            RAN_OUT
        }))
    }
}

/// Reasons of records in doubt for which the owner gave no reason.
const RAN_OUT: &str = "its lease ran out";
const SILENT: &str = "its owner gave no sign of life for a whole lease";
const UNFINISHED: &str = "another program began it and has not recorded an outcome";

/// Whether both hashes are known and differ.
pub(crate) fn differ(one: Option<InputHash>, other: Option<InputHash>) -> bool {
    matches!((one, other), (Some(one), Some(other)) if one != other)
}

/// Returns a duration in nanoseconds; more than 584 years count as 584 years.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Returns a duration in milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// Returns the wall clock's time for milliseconds since 1970.
pub(crate) fn time(millis: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH
        .checked_add(Duration::from_millis(millis))
        .unwrap_or(SystemTime::UNIX_EPOCH)
}
