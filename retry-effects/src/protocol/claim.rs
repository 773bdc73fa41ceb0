//! What a caller asks a store for, and what it gets: the claim on an action.

use std::cell::RefCell;
use std::fmt;
use std::time::{Duration, Instant};

use super::id_source::Source;
use crate::identity::action_id::ActionId;
use crate::protocol::record::{Finished, InputHash, Record};

/// The lease of a claim that says nothing else: 30 seconds.
pub const DEFAULT_LEASE: Duration = Duration::from_secs(30);

/// The number of one claim, higher than that of every earlier claim on the same action.
///
/// A store takes it from one counter (or one a slot of keys), never from the record: a record that
/// was purged and made anew must not have the fence of a claim that somebody still holds. A callee
/// that keeps the highest fence it has seen can turn late owners away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fence(u64);

impl Fence {
    /// The fence of a record that another program made, which knows none. No claim has it.
    pub const NONE: Self = Self(0);

    /// The fence with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Fence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The name of one claim, made by the caller before it asks.
///
/// A claim whose acknowledgement was lost is found again by it, with the same fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClaimId(u128);

impl ClaimId {
    /// A claim id that no other caller has: equal claim ids are the same claim to a store.
    ///
    /// 64 bits are of the thread and of the process that it runs in, which a fork changes; 64 are of a
    /// sequence that begins at a random place and visits each value once.
    #[must_use]
    pub fn random() -> Self {
        thread_local! {
            static SOURCE: RefCell<Source> = RefCell::new(Source::new());
        }
        SOURCE.with(|source| {
            let mut source = source.borrow_mut();
            Self(source.draw(Instant::now(), std::process::id))
        })
    }

    /// The claim id of these bits, as a store wrote them.
    #[must_use]
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// Its bits.
    #[must_use]
    pub const fn bits(self) -> u128 {
        self.0
    }
}

/// What a caller asks [`EffectStore::pending`](crate::EffectStore::pending) for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClaimRequest<'a> {
    /// The action.
    pub id: ActionId,
    /// This claim's own name. The same request sent again has the same.
    pub claim_id: ClaimId,
    /// What is done, for people who look at the record.
    pub action_type: &'a str,
    /// For whom, for people who look at the record.
    pub scope: &'a str,
    /// The hash of the arguments that are not part of the key. `None` is not compared.
    pub input_hash: Option<InputHash>,
    /// For how long the claim is held unless it is renewed.
    pub lease: Duration,
    /// How long the finished record is kept, whatever [`purge`](crate::EffectStore::purge) is told:
    /// for as long as a late owner may still be about.
    pub keep: Duration,
    /// After which time the finished record may go by itself. `None` keeps it until it is purged.
    pub retain: Option<Duration>,
    /// The record in doubt that this claim takes over: its fence as the caller saw it. The claim is
    /// refused if that record has changed since.
    pub takeover: Option<Fence>,
    /// An owner that the caller has watched for a whole lease, by its own clock, without a sign of
    /// life. The store takes the lease for expired if fence and renewals are still these.
    pub silent: Option<Silent>,
}

impl<'a> ClaimRequest<'a> {
    /// A request with a new claim id, for [`DEFAULT_LEASE`].
    #[must_use]
    pub fn new(id: ActionId, action_type: &'a str) -> Self {
        Self {
            id,
            claim_id: ClaimId::random(),
            action_type,
            scope: "",
            input_hash: None,
            lease: DEFAULT_LEASE,
            keep: DEFAULT_LEASE,
            retain: None,
            takeover: None,
            silent: None,
        }
    }
}

/// An owner that gave no sign of life for a whole lease of the caller's own time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silent {
    /// The owner's fence.
    pub fence: Fence,
    /// Its renewals, the same at the lease's begin and end.
    pub renewals: u64,
}

/// What became of a claim.
#[derive(Clone, Debug)]
#[must_use = "a claim that was won must be completed or released"]
pub enum Claim {
    /// The action is the caller's to run.
    Won(Token),
    /// Another claim holds it.
    Busy(Busy),
    /// It is done, with this result.
    Done(Finished),
    /// It failed for good, with this error, which is to be replayed.
    Failed(Finished),
    /// It may have run: the record says what is known.
    InDoubt(Box<Record>),
    /// It was first called with other arguments. Nothing was changed.
    Mismatch,
}

/// The right to complete one claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub(crate) id: ActionId,
    pub(crate) fence: Fence,
    pub(crate) claim_id: ClaimId,
}

impl Token {
    /// The token of a claim that a store granted. For stores: a caller gets its token from one.
    #[must_use]
    pub const fn new(id: ActionId, fence: Fence, claim_id: ClaimId) -> Self {
        Self {
            id,
            fence,
            claim_id,
        }
    }

    /// The action.
    #[must_use]
    pub const fn id(&self) -> ActionId {
        self.id
    }

    /// The claim's number.
    #[must_use]
    pub const fn fence(&self) -> Fence {
        self.fence
    }

    /// The claim's own name.
    #[must_use]
    pub const fn claim_id(&self) -> ClaimId {
        self.claim_id
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
