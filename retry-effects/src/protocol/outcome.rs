//! The end of a claim: its owner's outcome, and an operator's settlement.

use crate::protocol::payload::Payload;
use crate::protocol::reason::Reason;

/// The outcome of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The effect happened, with this result.
    Success(Payload),
    /// The action failed for good; this error is recorded and replayed.
    Failed(Payload),
    /// It is unknown whether the effect happened.
    InDoubt {
        /// Whether the effect is known to have happened, though not with which result: the action never
        /// runs again.
        applied: bool,
        /// The reason, for the operator who settles the record. It is not part of the outcome: the same
        /// outcome with another reason counts as the same, and the first reason stays, until the action is
        /// marked applied.
        reason: Option<Reason>,
    },
}

impl Outcome {
    /// Returns the outcome of an effect that is in doubt, for `reason`.
    #[must_use]
    pub const fn in_doubt(reason: Option<Reason>) -> Self {
        Self::InDoubt {
            applied: false,
            reason,
        }
    }

    /// Returns the outcome of an effect that happened with an unknown result, for `reason`.
    #[must_use]
    pub const fn applied(reason: Option<Reason>) -> Self {
        Self::InDoubt {
            applied: true,
            reason,
        }
    }
}

/// An operator's decision on a record that is in doubt, or whose owner has not ended it: see
/// [`EffectStore::settle`](crate::EffectStore::settle).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Settlement {
    /// The effect happened, with this result.
    Success(Payload),
    /// The effect did not happen; the action is free to run.
    NotApplied,
}
