//! The claim on an action: the request for it and the result.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::identity::action_id::ActionId;
use crate::protocol::ids::{ClaimId, Fence, InputHash, Token};
use crate::protocol::record::{Busy, Finished, Record};

/// The default lease of a claim: 30 seconds.
pub const DEFAULT_LEASE: Duration = Duration::from_secs(30);

/// A request to [`EffectStore::pending`](crate::EffectStore::pending).
///
/// It is owned, so that a store can queue it, and send it again after its caller has left.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ClaimRequest {
    /// The action.
    pub id: ActionId,
    /// The claim's unique id. The same request sent again has the same id.
    pub claim_id: ClaimId,
    /// The action type, for operators who read the record.
    pub action_type: Cow<'static, str>,
    /// The scope, for operators who read the record; `None` is recorded as an empty text.
    pub scope: Option<Arc<str>>,
    /// The hash of the arguments that are not part of the key. `None` is not compared.
    pub input_hash: Option<InputHash>,
    /// The lease: how long the claim is valid without a renewal.
    pub lease: Duration,
    /// The minimum time that the finished record is kept, whatever age
    /// [`purge`](crate::EffectStore::purge) gets: as long as a late owner may still be active.
    pub keep: Duration,
    /// The time after which the finished record may be removed without a purge, but not before
    /// [`keep`](Self::keep) is over. `None` keeps it until a purge.
    pub retain: Option<Duration>,
    /// For a takeover: the fence that the caller saw on the record in doubt. The claim is refused if
    /// that record has changed since.
    pub takeover: Option<Fence>,
    /// An owner that has given no sign of life for a whole lease, by the caller's clock. The store
    /// treats its lease as expired if its fence and renewals are still these.
    pub silent: Option<Silent>,
}

impl ClaimRequest {
    /// Returns a request with a new claim id, for [`DEFAULT_LEASE`].
    #[must_use]
    pub fn new(id: ActionId, action_type: impl Into<Cow<'static, str>>) -> Self {
        Self {
            id,
            claim_id: ClaimId::random(),
            action_type: action_type.into(),
            scope: None,
            input_hash: None,
            lease: DEFAULT_LEASE,
            keep: DEFAULT_LEASE,
            retain: None,
            takeover: None,
            silent: None,
        }
    }
}

/// An owner that gave no sign of life for a whole lease, by the caller's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Silent {
    /// The owner's fence.
    pub fence: Fence,
    /// The number of its renewals, unchanged from the start to the end of that time.
    pub renewals: u64,
}

/// The result of a claim.
#[derive(Clone, Debug)]
#[must_use = "a claim that was won must be completed or released"]
pub enum Claim {
    /// The claim was won: the caller runs the action.
    Won(Token),
    /// Another claim holds the action.
    Busy(Busy),
    /// The action is done, with this result.
    Done(Finished),
    /// The action failed for good. This error is replayed.
    Failed(Finished),
    /// The action may have run: the record holds what is known.
    InDoubt(Box<Record>),
    /// The action was first called with other arguments. Nothing was changed.
    Mismatch,
}
