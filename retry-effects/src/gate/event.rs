//! The events at the gate: [`GateEvent`] and its kinds.

use std::time::Duration;

use crate::identity::action_id::ActionId;
use crate::protocol::outcome::Outcome;

/// An event at the gate. See [`observe_gate`](crate::observe_gate).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct GateEvent<'a> {
    /// The action type.
    pub action_type: &'a str,
    /// The action's id.
    pub id: ActionId,
    /// The kind of the event.
    pub kind: GateEventKind,
    /// The kind of the store: [`EffectStore::kind`](crate::EffectStore::kind).
    pub store: &'static str,
    /// The time since the call began; for the end of a body, since its claim.
    pub elapsed: Duration,
}

/// The kinds of [`GateEvent`]s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GateEventKind {
    /// The claim was won: the body runs.
    Won,
    /// A recorded result was returned, and nothing ran.
    Replayed,
    /// The call waited for a running call, and returned its result.
    Joined,
    /// Another call held the claim for longer than this one would wait.
    Busy,
    /// The call was refused because of a record in doubt.
    DoubtFound,
    /// The key is recorded with other arguments.
    Mismatch,
    /// The result was recorded.
    Succeeded,
    /// A final error was recorded.
    Failed,
    /// A probe found the result of an attempt whose answer was lost, of this call or an earlier one.
    Rescued,
    /// The claim was released: nothing had happened.
    Released,
    /// The effect may have happened: the record is in doubt.
    InDoubt,
    /// The claim had run out, and nothing has happened under it.
    Expired,
    /// The claim was lost to another owner, or to an operator's settlement.
    LeaseLost,
    /// The body ran, and its outcome could not be recorded.
    Unrecorded,
    /// The store failed before anything ran.
    StoreFailed,
}

impl GateEventKind {
    /// Returns its name as a metric's label: lower snake case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Won => "won",
            Self::Replayed => "replayed",
            Self::Joined => "joined",
            Self::Busy => "busy",
            Self::DoubtFound => "doubt_found",
            Self::Mismatch => "mismatch",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Rescued => "rescued",
            Self::Released => "released",
            Self::InDoubt => "in_doubt",
            Self::Expired => "expired",
            Self::LeaseLost => "lease_lost",
            Self::Unrecorded => "unrecorded",
            Self::StoreFailed => "store_failed",
        }
    }

    /// Returns the kind for a recorded outcome.
    pub(crate) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Success(_) => Self::Succeeded,
            Outcome::Failed(_) => Self::Failed,
            Outcome::InDoubt { .. } => Self::InDoubt,
        }
    }
}
