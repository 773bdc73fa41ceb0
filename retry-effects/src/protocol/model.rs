//! The state machine for an exhaustively explored model of the protocol: one record in a small form
//! with finitely many values. Not part of the API.
//!
//! [`Row`] is converted to the record that the state machine works on, and back; the decisions between
//! are those of the stores. Time does not move here: a record is moved into the past instead, and only
//! the part of its age that decides is kept.

use std::borrow::Cow;
use std::sync::LazyLock;
use std::time::Duration;

use crate::identity::action_id::{ActionId, compute_action_id};
use crate::protocol::claim::{Claim, ClaimRequest, Silent};
use crate::protocol::ids::{ClaimId, Fence, Token};
use crate::protocol::outcome::{Outcome, Settlement};
use crate::protocol::payload::Payload;
use crate::protocol::record::{Finished, Status};
use crate::protocol::state_machine::{self, Now, Slot};
use crate::protocol::store_error::StoreError;
use crate::protocol::text::Text;

const NOW: Now = Now {
    lease: 10,
    wall: 10,
};
const LEASE: Duration = Duration::from_nanos(1);
const KEEP: Duration = Duration::from_millis(5);

static ID: LazyLock<ActionId> = LazyLock::new(|| {
    compute_action_id("model", &0_u8, "").expect("a number has a faithful JSON form")
});

/// One record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    /// Its status, without regard to an expired lease.
    pub state: State,
    /// Whether it is known that the effect happened, though not with which result.
    pub applied: bool,
    /// The fence of its newest claim.
    pub fence: u8,
    /// The id of its newest claim.
    pub claim: u8,
    /// Whether its lease is still valid.
    pub leased: bool,
    /// Whether its minimum retention is over.
    pub old: bool,
    /// Its result.
    pub result: Option<u8>,
}

/// The status of a [`Row`]: a [`Status`] that can be sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "Status says what they mean")]
pub enum State {
    Pending,
    Success,
    Failed,
    Released,
    InDoubt,
}

/// The request of a caller.
#[derive(Clone, Copy, Debug)]
pub struct Ask {
    /// The claim's id.
    pub claim: u8,
    /// The fence of the record in doubt for a takeover.
    pub takeover: Option<u8>,
    /// Whether it has watched the owner for a whole lease without a sign of life.
    pub silent: bool,
}

/// Returns the payload of a result.
#[must_use]
pub fn payload(result: u8) -> Payload {
    Payload::new(result.to_string())
}

/// Returns the token of a claim.
#[must_use]
pub fn token(fence: u8, claim: u8) -> Token {
    let claim = ClaimId::from_bits(u128::from(claim));
    Token::new(*ID, Fence::new(u64::from(fence)), claim)
}

impl Row {
    /// Claims the action; `fence` is the store's next fence.
    pub fn claim(row: &mut Option<Self>, ask: Ask, fence: u8) -> Claim {
        let number = |fence: u8| Fence::new(u64::from(fence));
        let silent = row.filter(|_| ask.silent).map(|row| Silent {
            fence: number(row.fence),
            renewals: 0,
        });
        let request = ClaimRequest {
            id: *ID,
            claim_id: ClaimId::from_bits(u128::from(ask.claim)),
            action_type: Cow::Borrowed(""),
            scope: None,
            input_hash: None,
            lease: LEASE,
            keep: KEEP,
            retain: None,
            takeover: ask.takeover.map(number),
            silent,
        };
        let mut slot = row.map(Self::slot);
        let interned = |text: &str| text.into();
        let claim = state_machine::claim(&mut slot, &request, NOW, || number(fence), interned);
        *row = slot.map(Self::of);
        claim
    }

    /// Records an outcome. Returns whether anything changed.
    ///
    /// # Errors
    ///
    /// As [`EffectStore::complete`](crate::EffectStore::complete).
    pub fn complete(&mut self, token: &Token, outcome: Outcome) -> Result<bool, StoreError> {
        self.with(|slot| slot.complete(token, outcome, NOW))
    }

    /// Extends the lease.
    ///
    /// # Errors
    ///
    /// As [`EffectStore::renew`](crate::EffectStore::renew).
    pub fn renew(&mut self, token: &Token) -> Result<(), StoreError> {
        self.with(|slot| slot.renew(token, LEASE, NOW))
    }

    /// Releases the claim.
    ///
    /// # Errors
    ///
    /// As [`EffectStore::release`](crate::EffectStore::release).
    pub fn release(&mut self, token: &Token) -> Result<Option<Finished>, StoreError> {
        self.with(|slot| slot.release(token, NOW))
            .map(|(_, done)| done)
    }

    /// Applies an operator's settlement.
    ///
    /// # Errors
    ///
    /// As [`EffectStore::settle`](crate::EffectStore::settle).
    pub fn settle(&mut self, fence: u8, settlement: Settlement) -> Result<bool, StoreError> {
        self.with(|slot| slot.settle(Fence::new(u64::from(fence)), settlement, NOW))
    }

    /// Whether a purge of all finished records removes it.
    #[must_use]
    pub fn is_purgeable(self) -> bool {
        self.slot().is_purgeable(0, NOW)
    }

    /// Returns its status, with regard to an expired lease.
    #[must_use]
    pub fn status(self) -> Status {
        self.slot().status_at(NOW)
    }

    fn with<T>(&mut self, change: impl FnOnce(&mut Slot) -> T) -> T {
        let mut slot = self.slot();
        let answer = change(&mut slot);
        *self = Self::of(slot);
        answer
    }

    fn slot(self) -> Slot {
        let finished = matches!(self.state, State::Success | State::Failed | State::Released);
        let age = if self.old {
            state_machine::millis(KEEP)
        } else {
            0
        };
        Slot {
            status: match self.state {
                State::Pending => Status::Pending,
                State::Success => Status::Success,
                State::Failed => Status::Failed,
                State::Released => Status::Released,
                State::InDoubt => Status::InDoubt,
            },
            applied: self.applied,
            fence: Fence::new(u64::from(self.fence)),
            claim_id: ClaimId::from_bits(u128::from(self.claim)),
            input_hash: None,
            action_type: Text::EMPTY,
            scope: Text::EMPTY,
            // The age of a finished row comes from the wall clock alone.
            lease_until: if finished {
                u64::MAX
            } else {
                NOW.lease + u64::from(self.leased)
            },
            lease: state_machine::nanos(LEASE),
            renewals: 0,
            created: 0,
            completed: if finished { NOW.wall - age } else { 0 },
            keep: state_machine::millis(KEEP),
            retain: u64::MAX,
            payload: self.result.map(payload),
        }
    }

    fn of(slot: Slot) -> Self {
        let small = |number: u64| u8::try_from(number).expect("the model counts in u8");
        let finished = slot.is_finished();
        let leased = !finished && slot.lease_until > NOW.lease;
        let result = slot.payload.filter(|_| finished).map(|payload| {
            let result = payload.json().parse();
            result.expect("a result is a small number")
        });
        let claim = u64::try_from(slot.claim_id.bits()).expect("a small number");
        Self {
            state: match slot.status {
                Status::Pending => State::Pending,
                Status::Success => State::Success,
                Status::Failed => State::Failed,
                Status::Released => State::Released,
                Status::InDoubt => State::InDoubt,
            },
            applied: slot.applied,
            fence: small(slot.fence.number()),
            claim: small(claim),
            leased,
            old: slot.completed != 0 && NOW.wall - slot.completed >= slot.keep,
            result,
        }
    }
}
