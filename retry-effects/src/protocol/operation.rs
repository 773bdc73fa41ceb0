//! The operations of callers on one record, as steps that a backend carries out.
//!
//! A durable store cannot hold a lock while the state machine decides: it compares and sets. So an
//! operation begins with the step that mostly suffices (insert the claim; write the outcome over the
//! owner's pending record), and each record that is found instead decides the next step. Everything here
//! is a pure function of the operation and of the record that was found.

use std::time::Duration;

use crate::identity::action_id::ActionId;
use crate::protocol::claim::{Claim, ClaimRequest};
use crate::protocol::ids::{Fence, Token};
use crate::protocol::outcome::{Outcome, Settlement};
use crate::protocol::payload::Payload;
use crate::protocol::record::{Busy, Finished, Status};
use crate::protocol::state_machine::{Now, Slot};
use crate::protocol::store_error::StoreError;

/// An operation on the record of one action.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    Claim(ClaimRequest),
    Complete(Token, Outcome),
    /// The same in a transaction of the caller's, which must not commit twice.
    #[cfg_attr(
        not(any(feature = "sqlite", feature = "postgres", feature = "redis")),
        expect(dead_code, reason = "for stores with transactions")
    )]
    CompleteIn(Token, Outcome),
    Renew(Token, Duration),
    Release(Token),
    Settle(ActionId, Fence, Settlement),
    /// Removes a finished record that is as it was read: for purges and limited retentions.
    Remove(ActionId, Seen),
    Read(ActionId),
    /// Asks for a wake-up at the end of a claim.
    Watch(ActionId),
}

/// The result of an operation.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Claim(Claim),
    /// The change is recorded. A release may have met a result.
    Changed(Option<Finished>),
    /// Whether it was removed.
    Removed(bool),
    Read(Option<Box<Stored>>),
    /// Whether a wake-up will come; if not, the claim has ended already.
    Watched(bool),
}

/// A record as it was read.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) slot: Slot,
    pub(crate) seen: Seen,
    /// The store's time of the read.
    pub(crate) now: Now,
}

/// The version of a record: each write of the record raises the revision, and a record that was removed
/// and made anew has another fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) revision: u64,
    pub(crate) fence: Fence,
}

/// A step of an operation. A step that writes compares and sets: it writes nothing unless the record is
/// as it is expected.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// Inserts the claim, if there is no record.
    Insert,
    /// Writes the claim over a record. `created`: milliseconds since 1970.
    Overwrite {
        seen: Seen,
        created: u64,
    },
    /// Writes a decision over a record.
    Write(Write),
    /// Writes a record once more, without a difference: its earlier commit may never have been
    /// acknowledged, and a failover could undo it.
    Confirm(Seen, Answer),
    Remove(Seen),
    Read,
    Watch,
}

/// The new values of a record, and the condition under which they are written.
///
/// All times are the store's: where the lease begins anew, it ends after `lease` from the write; else it
/// ends at the write, if not before. A record that is `finished` was finished at the write.
#[derive(Clone, Debug)]
pub(crate) struct Write {
    /// The record that was read; `None`: the token's own pending record.
    pub(crate) seen: Option<Seen>,
    pub(crate) status: Status,
    pub(crate) applied: bool,
    pub(crate) payload: Option<Payload>,
    /// The whole lease in nanoseconds, where it begins anew.
    pub(crate) lease: Option<u64>,
    /// Whether the status is final.
    #[cfg_attr(
        not(any(feature = "sqlite", feature = "redis")),
        allow(dead_code, reason = "SQL knows it from the status")
    )]
    pub(crate) finished: bool,
    /// The result that a release has met.
    met: Option<Finished>,
}

impl Write {
    /// Writes the values into a record, at the store's time.
    #[cfg(any(feature = "sqlite", test))]
    pub(crate) fn apply(&self, slot: &mut Slot, now: Now) {
        slot.status = self.status;
        slot.applied = self.applied;
        slot.payload = self.payload.clone();
        slot.lease_until = match self.lease {
            Some(lease) => now.lease.saturating_add(lease),
            // From here on, this is the time of the finish, by the lease clock.
            None if self.finished => now.lease,
            None => slot.lease_until.min(now.lease),
        };
        slot.lease = self.lease.unwrap_or(slot.lease);
        slot.renewals += u64::from(self.lease.is_some());
        slot.completed = if self.finished { now.wall } else { 0 };
    }
}

/// The consequence of a record that was found.
#[derive(Debug)]
pub(crate) enum Next {
    Answer(Result<Answer, StoreError>),
    Step(Step),
}

/// The expectation of a step that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    Nothing,
    OwnClaim,
    Seen(Seen),
}

impl Step {
    /// Returns the expectation; `None` for a step that writes nothing.
    pub(crate) fn expected(&self) -> Option<Expected> {
        match self {
            Self::Insert => Some(Expected::Nothing),
            Self::Overwrite { seen, .. } | Self::Confirm(seen, _) | Self::Remove(seen) => {
                Some(Expected::Seen(*seen))
            }
            Self::Write(write) => Some(write.seen.map_or(Expected::OwnClaim, Expected::Seen)),
            Self::Read | Self::Watch => None,
        }
    }

    /// Whether the step writes, and was decided without a read of the record.
    pub(crate) fn is_unread(&self) -> bool {
        matches!(
            self.expected(),
            Some(Expected::Nothing | Expected::OwnClaim)
        )
    }
}

impl Operation {
    pub(crate) fn id(&self) -> ActionId {
        match self {
            Self::Claim(request) => request.id,
            Self::Complete(token, _)
            | Self::CompleteIn(token, _)
            | Self::Renew(token, _)
            | Self::Release(token) => token.id(),
            Self::Settle(id, ..) | Self::Remove(id, _) | Self::Read(id) | Self::Watch(id) => *id,
        }
    }

    /// Returns the bytes of the id.
    #[cfg(feature = "postgres")]
    pub(crate) fn key(&self) -> &[u8] {
        match self {
            Self::Claim(request) => request.id.as_bytes(),
            Self::Complete(token, _)
            | Self::CompleteIn(token, _)
            | Self::Renew(token, _)
            | Self::Release(token) => token.id.as_bytes(),
            Self::Settle(id, ..) | Self::Remove(id, _) | Self::Read(id) | Self::Watch(id) => {
                id.as_bytes()
            }
        }
    }

    pub(crate) fn token(&self) -> Option<&Token> {
        match self {
            Self::Complete(token, _)
            | Self::CompleteIn(token, _)
            | Self::Renew(token, _)
            | Self::Release(token) => Some(token),
            _ => None,
        }
    }

    /// Whether waiters for the end of a claim are to be woken once it is answered.
    pub(crate) fn ends_a_claim(&self) -> bool {
        matches!(
            self,
            Self::Complete(..) | Self::CompleteIn(..) | Self::Release(_) | Self::Settle(..)
        )
    }

    /// Whether it takes place although its caller has left. A claim would be held without a caller; an
    /// outcome is recorded for later callers; a renewal is repeated by a caller that still needs it.
    pub(crate) fn outlives_its_caller(&self) -> bool {
        self.ends_a_claim() || matches!(self, Self::Watch(_))
    }

    /// Returns the step that mostly suffices.
    pub(crate) fn first(&self) -> Step {
        match self {
            // Such a claim has seen the record.
            Self::Claim(request) if request.takeover.is_some() || request.silent.is_some() => {
                Step::Read
            }
            Self::Claim(_) => Step::Insert,
            Self::Complete(token, _)
            | Self::CompleteIn(token, _)
            | Self::Renew(token, _)
            | Self::Release(token) => {
                // Only the store knows the time; no decision on the owner's own pending record needs it.
                let now = Now { lease: 0, wall: 0 };
                match self.decide(&mut Slot::own(token), now, None) {
                    Next::Step(step) => step,
                    Next::Answer(_) => Step::Read,
                }
            }
            Self::Remove(_, seen) => Step::Remove(*seen),
            Self::Watch(_) => Step::Watch,
            Self::Settle(..) | Self::Read(_) => Step::Read,
        }
    }

    /// Returns the consequence of the record that was found, or of there being none.
    pub(crate) fn after(&self, found: Option<&Stored>) -> Next {
        match (self, found) {
            (Self::Read(_), found) => {
                let found = found.map(|found| Box::new(found.clone()));
                Next::Answer(Ok(Answer::Read(found)))
            }
            (Self::Remove(_, seen), Some(found)) if found.seen == *seen => {
                Next::Step(Step::Remove(*seen))
            }
            (Self::Remove(..), _) => Next::Answer(Ok(Answer::Removed(false))),
            (Self::Watch(_), _) => Next::Answer(Ok(Answer::Watched(false))),
            (Self::Claim(_), None) => Next::Step(Step::Insert),
            (Self::Claim(request), Some(found)) => match found.slot.grant(request, found.now) {
                Ok(created) => {
                    let seen = found.seen;
                    Next::Step(Step::Overwrite { seen, created })
                }
                Err(won @ Claim::Won(_)) => {
                    Next::Step(Step::Confirm(found.seen, Answer::Claim(won)))
                }
                Err(refusal) => Next::Answer(Ok(Answer::Claim(refusal))),
            },
            (_, None) => Next::Answer(Err(self.missing())),
            // A record whose retention is over counts as gone.
            (_, Some(found)) if found.slot.is_over(found.now) => Next::Answer(Err(self.missing())),
            (_, Some(found)) => self.decide(&mut found.slot.clone(), found.now, Some(found.seen)),
        }
    }

    /// Returns the answer once a step is written; `fence` is the one that the record has now.
    pub(crate) fn written(&self, step: &Step, fence: Fence) -> Answer {
        match (self, step) {
            (Self::Claim(request), Step::Insert | Step::Overwrite { .. }) => {
                Answer::Claim(Claim::Won(Token::new(request.id, fence, request.claim_id)))
            }
            (_, Step::Confirm(_, answer)) => answer.clone(),
            (_, Step::Write(write)) => Answer::Changed(write.met.clone()),
            (_, Step::Remove(_)) => Answer::Removed(true),
            (_, Step::Watch) => Answer::Watched(true),
            (_, Step::Insert | Step::Overwrite { .. } | Step::Read) => Answer::Changed(None),
        }
    }

    /// Returns the answer to a claim on a record that a transaction of its owner's keeps locked.
    pub(crate) fn busy(found: &Stored, left: Duration) -> Claim {
        Claim::Busy(Busy {
            fence: found.slot.fence,
            renewals: found.slot.renewals,
            lease: Duration::from_nanos(found.slot.lease),
            left,
            input_hash: found.slot.input_hash,
        })
    }

    /// Returns the error for a record that does not exist.
    pub(crate) fn missing(&self) -> StoreError {
        match self.token() {
            Some(token) => StoreError::lease_lost(token.fence()),
            None => StoreError::NotFound,
        }
    }

    /// Returns the state machine's decision on a change.
    fn decide(&self, slot: &mut Slot, now: Now, seen: Option<Seen>) -> Next {
        let mut lease = None;
        let decided = match self {
            Self::CompleteIn(..) if matches!(slot.status, Status::Success | Status::Failed) => {
                Err(StoreError::already_done(slot.finished()))
            }
            Self::Complete(token, outcome) | Self::CompleteIn(token, outcome) => slot
                .complete(token, outcome.clone(), now)
                .map(|changed| (changed, None)),
            Self::Renew(token, length) => {
                let renewals = slot.renewals;
                slot.renew(token, *length, now).map(|()| {
                    let is_renewed = slot.renewals != renewals;
                    lease = is_renewed.then_some(slot.lease);
                    (is_renewed, None)
                })
            }
            Self::Release(token) => slot.release(token, now),
            Self::Settle(_, fence, settlement) => slot
                .settle(*fence, settlement.clone(), now)
                .map(|changed| (changed, None)),
            Self::Claim(_) | Self::Remove(..) | Self::Read(_) | Self::Watch(_) => Ok((false, None)),
        };
        match (decided, seen) {
            (Err(refusal), _) => Next::Answer(Err(refusal)),
            (Ok((true, met)), seen) => Next::Step(Step::Write(Write {
                seen,
                status: slot.status,
                applied: slot.applied,
                payload: slot.payload.clone(),
                lease,
                finished: slot.is_finished(),
                met,
            })),
            // A renewal of a record in doubt changes nothing, and confirms nothing.
            (Ok((false, met)), Some(seen)) if !matches!(self, Self::Renew(..)) => {
                Next::Step(Step::Confirm(seen, Answer::Changed(met)))
            }
            (Ok((false, met)), _) => Next::Answer(Ok(Answer::Changed(met))),
        }
    }
}
