//! The record of a call that ends: its outcome, the reason of its doubt, and the request to the store.

use crate::gate::action::{Action, PANICKED, RUNNING};
use crate::protocol::outcome::Outcome;
use crate::protocol::payload::Payload;
use crate::protocol::reason::Reason;
use crate::protocol::record::Finished;
use crate::protocol::store_error::StoreError;

/// The end of a call: the way in which its outcome is recorded.
pub(super) enum FinalRecord {
    Complete,
    /// This result, recorded by the body's own transaction.
    Committed(Payload),
    NotEncoded(serde_json::Error),
    Release,
}

/// Returns the outcome of a call that is dropped before its transaction is known to be committed. If it
/// has committed, the store refuses this outcome and keeps the result.
pub(super) fn not_known_committed() -> Outcome {
    Outcome::in_doubt(Some(Reason::new(
        "the call was dropped before its transaction was known to be committed",
    )))
}

/// The reason of an action whose encoder did not return.
pub(super) const ENCODER_PANICKED: &str = "its result was not recorded: its encoder panicked";

pub(super) fn not_encoded(error: &serde_json::Error) -> Outcome {
    let reason = format_args!("its result cannot be written as JSON: {error}");
    Outcome::applied(Some(Reason::new(reason)))
}

/// Returns the reason why the action of a finished call is in doubt.
pub(super) fn reason_of_end(action: &Action) -> Option<Reason> {
    if action.is(RUNNING) {
        action.keep_reason(Reason::new("the attempt was cut"));
    }
    action.reason()
}

/// Returns the reason why the action of a dropped call is in doubt.
pub(super) fn reason_of_drop(action: &Action) -> Option<Reason> {
    if !action.is(RUNNING) {
        return action.reason();
    }
    action.keep_reason(Reason::new(if action.is(PANICKED) {
        "the body panicked"
    } else if std::thread::panicking() {
        "a panic ended the call"
    } else {
        "the call was dropped"
    }));
    action.reason()
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
