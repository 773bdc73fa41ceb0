//! What may happen at the gate: [`GateEvent`] and its kinds.

use std::time::Duration;

use crate::identity::action_id::ActionId;
use crate::protocol::outcome::Outcome;

/// What happened at the gate. See [`observe_gate`](crate::observe_gate).
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct GateEvent<'a> {
    /// What is done.
    pub action_type: &'a str,
    /// The action.
    pub id: ActionId,
    /// What happened.
    pub kind: GateEventKind,
    /// Where it is recorded: [`EffectStore::kind`](crate::EffectStore::kind).
    pub store: &'static str,
    /// How long it took since the call began. For what ends a body, since its claim.
    pub elapsed: Duration,
}

/// The kinds of [`GateEvent`]s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GateEventKind {
    /// A claim was won: the body runs.
    Won,
    /// A recorded result was returned, and nothing ran.
    Replayed,
    /// The result of a call that was running was waited for and returned.
    Joined,
    /// Another call was at it, for longer than this one would wait.
    Busy,
    /// A record in doubt turned the call away.
    DoubtFound,
    /// The key was known with other arguments.
    Mismatch,
    /// The result was recorded.
    Succeeded,
    /// A final error was recorded.
    Failed,
    /// A probe found the result of an attempt whose answer was lost, this call's or an earlier one's.
    Rescued,
    /// The claim was given back: nothing had happened.
    Released,
    /// The effect may have happened: the record is in doubt.
    InDoubt,
    /// The claim had run out, and nothing has happened under it.
    Expired,
    /// The claim was lost to another owner, or to a person's word.
    LeaseLost,
    /// The body ran and the store could not be told.
    Unrecorded,
    /// The store failed before anything ran.
    StoreFailed,
}

impl GateEventKind {
    /// Its name as a metric's label: lower snake case.
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

    /// That this outcome was recorded.
    pub(crate) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Outcome::Success(_) => Self::Succeeded,
            Outcome::Failed(_) => Self::Failed,
            Outcome::InDoubt { .. } => Self::InDoubt,
        }
    }
}
