//! What a caller asks a store for, and what it gets: the claim on an action.

use std::time::Duration;

use crate::identity::action_id::ActionId;
use crate::protocol::ids::{ClaimId, Fence, InputHash, Token};
use crate::protocol::record::{Busy, Finished, Record};

/// The lease of a claim that says nothing else: 30 seconds.
pub const DEFAULT_LEASE: Duration = Duration::from_secs(30);

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
