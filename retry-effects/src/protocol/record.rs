//! What a store keeps of an action.

use std::str::FromStr;
use std::time::{Duration, SystemTime};

use crate::identity::action_id::ActionId;
use crate::protocol::ids::{ClaimId, Fence, InputHash};
use crate::protocol::payload::Payload;
use crate::protocol::reason::Reason;

/// Where an action stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// A claim holds it.
    Pending,
    /// It happened, and its result is recorded.
    Success,
    /// It failed for good, and the error is recorded.
    Failed,
    /// It was claimed, and is proven not to have happened: free to run.
    Released,
    /// It may have happened: nobody knows.
    InDoubt,
}

impl Status {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Pending,
        Self::Success,
        Self::Failed,
        Self::Released,
        Self::InDoubt,
    ];

    /// Its name: `pending`, `success`, `failed`, `released`, `in_doubt`.
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

/// Who holds an action, and for how long yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Busy {
    /// The owner's fence.
    pub fence: Fence,
    /// How often the owner has renewed its lease.
    pub renewals: u64,
    /// The whole lease.
    pub lease: Duration,
    /// What is left of it by the store's clock.
    pub left: Duration,
    /// The hash that the action was claimed with.
    pub input_hash: Option<InputHash>,
}

/// What is recorded of a finished action.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finished {
    /// The claim that finished it; [`Fence::NONE`] where another program did.
    pub fence: Fence,
    /// Its result, or its error.
    pub payload: Payload,
    /// The hash that it was claimed with.
    pub input_hash: Option<InputHash>,
}

impl Finished {
    /// What a store found recorded.
    #[must_use]
    pub const fn new(fence: Fence, payload: Payload, input_hash: Option<InputHash>) -> Self {
        Self {
            fence,
            payload,
            input_hash,
        }
    }
}

/// What [`EffectStore::resolve`](crate::EffectStore::resolve) found.
#[derive(Clone, Debug)]
pub enum Resolved {
    /// Nothing, or a released record: the action is free to run.
    Free,
    /// A claim holds it.
    Busy(Busy),
    /// It is done, with this result.
    Done(Finished),
    /// It failed for good, with this error.
    Failed(Finished),
    /// It may have run: the record says what is known.
    InDoubt(Box<Record>),
}

/// Everything that a store knows of an action, for people.
///
/// Results are not printed: `Debug` shows their length.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Record {
    /// The action.
    pub id: ActionId,
    /// What is done.
    pub action_type: String,
    /// For whom.
    pub scope: String,
    /// Where it stands. A claim whose lease has run out is in doubt, whether the store has
    /// noticed it or not.
    pub status: Status,
    /// The newest claim's number; [`Fence::NONE`] for the record of another program.
    pub fence: Fence,
    /// The newest claim's own name.
    pub claim_id: Option<ClaimId>,
    /// The hash of the arguments that are not part of the key.
    pub input_hash: Option<InputHash>,
    /// The result of a `success`, the error of a `failed`.
    pub payload: Option<Payload>,
    /// Whether it is known that the effect happened though its result is not: such a record is
    /// never run again.
    pub applied: bool,
    /// Why it is in doubt, as far as that is known; `None` in every other state, and where the store
    /// does not keep it.
    pub reason: Option<Reason>,
    /// When it was first claimed, by the wall clock.
    pub created_at: SystemTime,
    /// When it was finished, by the wall clock.
    pub completed_at: Option<SystemTime>,
    /// What is left of its lease; `None` where no claim holds it.
    pub lease_left: Option<Duration>,
    /// How often its lease was renewed.
    pub renewals: u64,
    /// Of a record in doubt: how long ago, by the store's clock, its owner left it so, or let its lease
    /// run out. `None` where that is not known. A call that takes the record over waits for the rest
    /// of its `probe_after` only.
    pub lease_over: Option<Duration>,
}

impl Record {
    /// A record in `status`, with nothing else known.
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
        }
    }
}
