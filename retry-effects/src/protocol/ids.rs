//! The identifiers of a claim: fence, claim id, token, and the hash of its arguments.

use std::cell::RefCell;
use std::fmt;
use std::time::Instant;

use crate::identity::action_id::ActionId;
use crate::protocol::id_source::Source;

/// The number of a claim, higher than that of every earlier claim on the same action.
///
/// A store takes it from one counter (or one for each slot of keys), never from the record: a record
/// that was purged and created anew must not have the fence of a claim that is still held. A callee
/// that stores the highest fence it has seen can reject late owners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fence(u64);

impl Fence {
    /// The fence of a record of another program, which has none. No claim has it.
    pub const NONE: Self = Self(0);

    /// Returns the fence with this number.
    #[must_use]
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Returns its number.
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

/// The unique id of a claim, created by the caller before the request.
///
/// If the acknowledgement is lost, the same request with this id finds the claim again, with the
/// same fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClaimId(u128);

thread_local! {
    static SOURCE: RefCell<Source> = RefCell::new(Source::new());
}

impl ClaimId {
    /// Returns a claim id that no other caller has: to a store, equal claim ids are the same claim.
    ///
    /// 64 bits belong to the thread and its process, and a fork changes them; 64 bits come from a
    /// sequence that starts at a random place and visits each value once.
    #[must_use]
    pub fn random() -> Self {
        SOURCE.with_borrow_mut(|source| Self(source.draw(Instant::now(), std::process::id)))
    }

    /// Returns a claim id that no other caller in this process has, for a store that lives in it: no
    /// claim of another process can reach that store, so nothing is spent on telling processes apart.
    pub(crate) fn in_process() -> Self {
        SOURCE.with_borrow_mut(|source| Self(source.draw_in_process()))
    }

    /// Returns the claim id with these bits, as a store wrote them.
    #[must_use]
    pub const fn from_bits(bits: u128) -> Self {
        Self(bits)
    }

    /// Returns its bits.
    #[must_use]
    pub const fn bits(self) -> u128 {
        self.0
    }
}

/// The right to complete one claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub(crate) id: ActionId,
    pub(crate) fence: Fence,
    pub(crate) claim_id: ClaimId,
}

impl Token {
    /// Returns the token of a granted claim. For stores: a caller gets its token from one.
    #[must_use]
    pub const fn new(id: ActionId, fence: Fence, claim_id: ClaimId) -> Self {
        Self {
            id,
            fence,
            claim_id,
        }
    }

    /// Returns the action's id.
    #[must_use]
    pub const fn id(&self) -> ActionId {
        self.id
    }

    /// Returns the claim's fence.
    #[must_use]
    pub const fn fence(&self) -> Fence {
        self.fence
    }

    /// Returns the claim's id.
    #[must_use]
    pub const fn claim_id(&self) -> ClaimId {
        self.claim_id
    }
}

/// The hash of the arguments of a call that are not part of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InputHash([u8; 32]);

impl InputHash {
    /// Returns the hash with these bytes, as a store wrote them.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Returns its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}
