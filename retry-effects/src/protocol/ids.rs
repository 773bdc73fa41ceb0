//! What claims are known by: number, name, token, and the hash of what was claimed with them.

use std::cell::RefCell;
use std::fmt;
use std::time::Instant;

use crate::identity::action_id::ActionId;
use crate::protocol::id_source::Source;

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

/// The hash of the arguments of a call that are not part of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InputHash([u8; 32]);

impl InputHash {
    /// The hash of these bytes, as a store wrote them.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}
