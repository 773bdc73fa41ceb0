//! How a claim ends: what its owner tells the store, and what a person does.

use crate::protocol::payload::Payload;
use crate::protocol::reason::Reason;

/// What becomes of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It happened, with this result.
    Success(Payload),
    /// It failed for good, with this error, which is kept and replayed.
    Failed(Payload),
    /// Nobody knows whether it happened.
    InDoubt {
        /// It is known that it happened, only not with which result: never to be run again.
        applied: bool,
        /// Why, for the person who settles it. It is no part of the outcome: the same with another
        /// reason is the same outcome, and the first reason stays.
        reason: Option<Reason>,
    },
}

impl Outcome {
    /// Nobody knows whether it happened, for `reason`.
    #[must_use]
    pub const fn in_doubt(reason: Option<Reason>) -> Self {
        Self::InDoubt {
            applied: false,
            reason,
        }
    }

    /// It happened, and nobody knows with which result, for `reason`.
    #[must_use]
    pub const fn applied(reason: Option<Reason>) -> Self {
        Self::InDoubt {
            applied: true,
            reason,
        }
    }
}

/// A person's word on a record in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settlement {
    /// It happened, with this result.
    Success(Payload),
    /// It did not happen, and is free to run.
    NotApplied,
}
