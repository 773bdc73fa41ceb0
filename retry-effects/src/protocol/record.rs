//! The record of an action in a store.

use std::str::FromStr;
use std::time::{Duration, SystemTime};

use crate::identity::action_id::ActionId;
use crate::protocol::ids::{ClaimId, Fence, InputHash};
use crate::protocol::payload::Payload;
use crate::protocol::reason::Reason;

/// The status of an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// A claim holds it.
    Pending,
    /// The effect happened, and its result is recorded.
    Success,
    /// The action failed for good, and the error is recorded.
    Failed,
    /// The action was claimed, and proved not applied: free to run.
    Released,
    /// The effect may have happened; it is unknown.
    InDoubt,
}

impl Status {
    /// All statuses.
    pub const ALL: &'static [Self] = &[
        Self::Pending,
        Self::Success,
        Self::Failed,
        Self::Released,
        Self::InDoubt,
    ];

    /// Returns its name: `pending`, `success`, `failed`, `released`, `in_doubt`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Released => "released",
            Self::InDoubt => "in_doubt",
        }
    }
}

/// A name that is none of [`Status`]'s.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown status {name:?}; it must be pending, success, failed, released or in_doubt")]
#[non_exhaustive]
pub struct UnknownStatus {
    /// The name as it was given.
    pub name: String,
}

impl FromStr for Status {
    type Err = UnknownStatus;

    fn from_str(name: &str) -> Result<Self, UnknownStatus> {
        let found = Self::ALL.iter().find(|status| status.as_str() == name);
        found.copied().ok_or_else(|| UnknownStatus {
            name: name.to_owned(),
        })
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// The owner of an action, and the time left of its lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy {
    /// The owner's fence.
    pub fence: Fence,
    /// The number of times that the owner has renewed its lease.
    pub renewals: u64,
    /// The whole lease.
    pub lease: Duration,
    /// The rest of the lease, by the store's clock.
    pub left: Duration,
    /// The hash of the claim's arguments.
    pub input_hash: Option<InputHash>,
}

/// The record of a finished action.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finished {
    /// The fence of the claim that finished it; [`Fence::NONE`] for another program.
    pub fence: Fence,
    /// Its result or its error.
    pub payload: Payload,
    /// The hash of the claim's arguments.
    pub input_hash: Option<InputHash>,
}

impl Finished {
    /// Returns a finished action as a store found it.
    #[must_use]
    pub const fn new(fence: Fence, payload: Payload, input_hash: Option<InputHash>) -> Self {
        Self {
            fence,
            payload,
            input_hash,
        }
    }
}

/// The result of [`EffectStore::resolve`](crate::EffectStore::resolve).
#[derive(Clone, Debug)]
pub enum Resolved {
    /// No record, or a released one: the action is free to run.
    Free,
    /// A claim holds the action.
    Busy(Busy),
    /// The action is done, with this result.
    Done(Finished),
    /// The action failed for good, with this error.
    Failed(Finished),
    /// The action may have run: the record holds what is known.
    InDoubt(Box<Record>),
}

/// The full record of an action, for operators.
///
/// Results are not printed: `Debug` shows their length.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// The action's id.
    pub id: ActionId,
    /// The action type.
    pub action_type: String,
    /// The scope.
    pub scope: String,
    /// The status. A claim whose lease has run out is in doubt, even if the store has not noticed it
    /// yet.
    pub status: Status,
    /// The newest claim's fence; [`Fence::NONE`] for the record of another program.
    pub fence: Fence,
    /// The newest claim's id.
    pub claim_id: Option<ClaimId>,
    /// The hash of the arguments that are not part of the key.
    pub input_hash: Option<InputHash>,
    /// The result of a `success`, the error of a `failed`.
    pub payload: Option<Payload>,
    /// Whether the effect is known to have happened while its result is not: such an action never runs
    /// again.
    pub applied: bool,
    /// The reason why it is in doubt, if that is known; `None` in every other status, and if the
    /// store does not keep it.
    pub reason: Option<Reason>,
    /// The time of the first claim, by the wall clock.
    pub created_at: SystemTime,
    /// The time when it was finished, by the wall clock.
    pub completed_at: Option<SystemTime>,
    /// The rest of its lease; `None` if no claim holds it.
    pub lease_left: Option<Duration>,
    /// The number of times that its lease was renewed.
    pub renewals: u64,
    /// For a record in doubt: the time, by the store's clock, since its owner left it in doubt or let
    /// its lease run out. `None` if unknown. A call that takes the record over waits only for the rest
    /// of its `probe_after`.
    pub lease_over: Option<Duration>,
    /// For a record in doubt: the time since the first claim, by the store's wall clock. `None` if
    /// unknown. A call with `dedupe_for` takes no older record over.
    pub age: Option<Duration>,
}

impl Record {
    /// Returns a record in `status`, with nothing else known.
    #[must_use]
    pub fn new(id: ActionId, status: Status, created_at: SystemTime) -> Self {
        Self {
            id,
            action_type: String::new(),
            scope: String::new(),
            status,
            fence: Fence::NONE,
            claim_id: None,
            input_hash: None,
            payload: None,
            applied: false,
            reason: None,
            created_at,
            completed_at: None,
            lease_left: None,
            renewals: 0,
            lease_over: None,
            age: None,
        }
    }
}
