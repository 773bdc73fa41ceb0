//! The conditions that must hold in every state and in every step.

use retry_effects::__model::{Row, State as Stands};

use super::model::State;

/// A promise that was broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The effect happened twice while the record was to be kept.
    Twice,
    /// A success is recorded, or a record marked applied, and nothing has happened.
    SuccessWithoutEffect,
    /// A released or failed record, free of doubt, and the effect has happened.
    FreeAfterEffect,
    /// A caller was reply `Ok` where nothing had happened.
    OkWithoutEffect,
    /// Something other than a person changed a recorded success.
    SuccessChanged,
    /// A claim was granted on what was known to have happened.
    ClaimedAfterEffect,
    /// A record in doubt was taken over by a caller that had not seen it as it is.
    TakenOverUnseen,
    /// An owner that had been superseded changed the record.
    ChangedBySuperseded,
    /// A claim got a fence that was not higher than all before it.
    FenceNotHigher,
    /// A caller was kept out by a claim of its own.
    KeptOutByOwnClaim,
    /// An owner whose result is recorded was reply that it is not.
    RecordedButDenied,
}

impl Fault {
    /// Whether it harms somebody outside, and not only breaks what keeps harm away.
    pub(crate) fn is_harm(self) -> bool {
        !matches!(
            self,
            Self::ClaimedAfterEffect
                | Self::TakenOverUnseen
                | Self::ChangedBySuperseded
                | Self::FenceNotHigher
        )
    }
}

/// The promise that this state breaks.
pub(crate) fn broken_by(state: &State) -> Option<Fault> {
    let happened = state.world.happened;
    if happened > 1 {
        return Some(Fault::Twice);
    }
    let row = state.store.row?;
    match row.state {
        Stands::Success if happened == 0 => Some(Fault::SuccessWithoutEffect),
        _ if row.applied && happened == 0 => Some(Fault::SuccessWithoutEffect),
        // Every run is explored: if it could still come, there is a run in which it has.
        Stands::Released | Stands::Failed if happened > 0 => Some(Fault::FreeAfterEffect),
        _ => None,
    }
}

/// The promise that this change of the record breaks, made by anyone but a person or a purge.
pub(crate) fn broken_by_change(before: Option<Row>, after: Option<Row>) -> Option<Fault> {
    let before = before?;
    (before.state == Stands::Success && after != Some(before)).then_some(Fault::SuccessChanged)
}
