//! Writes the outcome of a call to its store, as `outcome_decision` has decided, and reads what the store has
//! recorded if it does not accept the outcome.
//!
//! The code does not depend on the function's types. It is therefore compiled once for all functions, and the
//! future of an async call holds one copy of the result while the result is recorded.

use retry_core::__private::{Marks, mark};

use crate::gate::action::Action;
use crate::gate::error::EffectError;
use crate::gate::event::GateEventKind;
use crate::gate::outcome_decision::FinalRecord;
use crate::gate::report;
use crate::protocol::outcome::Outcome;
use crate::protocol::payload::Payload;
use crate::protocol::reason::Reason;
use crate::protocol::record::{Finished, Resolved};
use crate::protocol::store_error::StoreError;

/// The outcome that the call returns, by what its record allows.
pub(super) enum Recorded {
    /// The call's own outcome.
    Own,
    /// The result that the body recorded in its own transaction.
    Replayed(Finished),
    /// The call's own error, or this one in place of a result.
    Unrecorded(EffectError),
    /// This error: the result cannot be encoded.
    NotEncoded(EffectError),
    /// That the action is in doubt.
    InDoubt,
}

/// Records the end of a call; `outcome` is what to record, unless the action is released.
pub(super) async fn record(
    action: &Action,
    ending: FinalRecord,
    outcome: Option<&Outcome>,
) -> Recorded {
    let to_record = || outcome.expect("only a released call has no outcome");
    match ending {
        FinalRecord::Complete => match complete(action, to_record()).await {
            Ok(()) => {
                report::action_event(GateEventKind::of(to_record()), action);
                Recorded::Own
            }
            // The rare ways are apart, so that they take no room in each call's future.
            Err(error) => Box::pin(not_recorded(action, error)).await,
        },
        FinalRecord::Doubt => Box::pin(in_doubt(action, to_record())).await,
        FinalRecord::Committed(payload) => Box::pin(committed(action, payload)).await,
        FinalRecord::NotEncoded(source) => Box::pin(not_encoded(action, source, to_record())).await,
        FinalRecord::Release => released(action).await,
    }
}

/// Records that a call is in doubt whose last value is no result.
async fn in_doubt(action: &Action, outcome: &Outcome) -> Recorded {
    match complete(action, outcome).await {
        Ok(()) => {
            report::action_event(GateEventKind::InDoubt, action);
            Recorded::InDoubt
        }
        Err(error) => not_recorded(action, error).await,
    }
}

async fn released(action: &Action) -> Recorded {
    match release(action).await {
        // The claim had run out, and belongs to another call by now.
        Err(StoreError::LeaseLost { .. }) => report::action_event(GateEventKind::Expired, action),
        // The body's transaction had committed after all.
        Ok(Some(finished)) => return Recorded::Replayed(finished),
        Ok(None) => report::action_event(GateEventKind::Released, action),
        // The record stays unchanged until its lease is over; the caller has its own error.
        Err(error) => report_unrecorded(action, &error),
    }
    Recorded::Own
}

/// Records that a result cannot be encoded.
async fn not_encoded(action: &Action, source: serde_json::Error, in_doubt: &Outcome) -> Recorded {
    if let Outcome::InDoubt {
        reason: Some(reason),
        ..
    } = in_doubt
    {
        action.keep_reason(reason.clone());
    }
    if let Err(error) = complete(action, in_doubt).await {
        report_unrecorded(action, &error);
    } else {
        report::action_event(GateEventKind::InDoubt, action);
    }
    mark(Marks::UNKNOWN);
    Recorded::NotEncoded(EffectError::NotEncoded {
        action_type: (*action.name).into(),
        id: action.token.id(),
        source,
    })
}

/// Checks that the body's transaction, in which this result was recorded, has been committed.
async fn committed(action: &Action, payload: Payload) -> Recorded {
    match action.store.resolve(action.token.id()).await {
        Ok(Resolved::Done(finished)) if finished.fence == action.token.fence() => {
            if finished.payload != payload {
                return Recorded::Replayed(finished);
            }
            report::action_event(GateEventKind::Succeeded, action);
            Recorded::Own
        }
        Ok(_) => not_committed(action).await,
        Err(error) => not_recorded(action, error).await,
    }
}

/// Records that the transaction has not been committed: it was rolled back, or is still running.
async fn not_committed(action: &Action) -> Recorded {
    let reason = Reason::new("the transaction in which its result was recorded was not committed");
    action.keep_reason(reason.clone());
    let in_doubt = Outcome::in_doubt(Some(reason));
    match complete(action, &in_doubt).await {
        Ok(()) => {
            report::action_event(GateEventKind::InDoubt, action);
            // An error that is only a text cannot pass the doubt to the enclosing call; the mark
            // does.
            mark(Marks::UNKNOWN);
            Recorded::InDoubt
        }
        // It may have been committed by now.
        Err(error) => not_recorded(action, error).await,
    }
}

/// Finds out what is recorded, after the store did not accept the outcome.
async fn not_recorded(action: &Action, error: StoreError) -> Recorded {
    let is_lost = matches!(error, StoreError::LeaseLost { .. });
    if is_lost
        && let Ok(Resolved::Done(finished)) = action.store.resolve(action.token.id()).await
        && finished.fence == action.token.fence()
    {
        // The body recorded its own result in its transaction.
        return Recorded::Replayed(finished);
    }
    report_unrecorded(action, &error);
    Recorded::Unrecorded(if is_lost {
        action.lease_lost()
    } else {
        EffectError::Unrecorded {
            action_type: (*action.name).into(),
            id: action.token.id(),
            source: error,
        }
    })
}

fn report_unrecorded(action: &Action, error: &StoreError) {
    let kind = match error {
        StoreError::LeaseLost { .. } => GateEventKind::LeaseLost,
        _ => GateEventKind::Unrecorded,
    };
    report::action_event(kind, action);
}

/// The maximum number of sends of an outcome without an answer.
const MAX_SENDS: u32 = 3;

pub(super) async fn complete(action: &Action, outcome: &Outcome) -> Result<(), StoreError> {
    let mut sends = 0;
    loop {
        sends += 1;
        match action.store.complete(&action.token, outcome.clone()).await {
            // An outcome that the store has already is accepted again.
            Err(StoreError::Unavailable { .. }) if sends < MAX_SENDS => {}
            answer => return answer,
        }
    }
}

pub(super) async fn release(action: &Action) -> Result<Option<Finished>, StoreError> {
    let mut sends = 0;
    loop {
        sends += 1;
        match action.store.release(&action.token).await {
            Err(StoreError::Unavailable { .. }) if sends < MAX_SENDS => {}
            answer => return answer,
        }
    }
}
