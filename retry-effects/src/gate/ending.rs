//! What is recorded of a call that ends, why it is in doubt, and how the store is told.

use crate::gate::action::{Action, PANICKED, RUNNING};
use crate::protocol::outcome::Outcome;
use crate::protocol::payload::Payload;
use crate::protocol::reason::Reason;
use crate::protocol::record::Finished;
use crate::protocol::store_error::StoreError;

/// What is recorded of a call.
pub(super) enum Ending {
    Complete(Outcome),
    /// This result, by the body's own transaction.
    Committed(Payload),
    NotEncoded(serde_json::Error),
    Release,
}

impl Ending {
    /// What the store is told, unless that the action is free again.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        match self {
            Self::Complete(outcome) => Some(outcome.clone()),
            // Where it was committed, this comes too late.
            Self::Committed(_) => Some(Outcome::in_doubt(Some(Reason::new(
                "the call was dropped before its transaction was known to be committed",
            )))),
            Self::NotEncoded(error) => Some(not_encoded(error)),
            Self::Release => None,
        }
    }
}

/// Why an action is in doubt whose encoder did not return.
pub(super) const ENCODER_PANICKED: &str = "its result was not recorded: its encoder panicked";

pub(super) fn not_encoded(error: &serde_json::Error) -> Outcome {
    let reason = format_args!("its result cannot be written as JSON: {error}");
    Outcome::applied(Some(Reason::new(reason)))
}

/// Why the action of a call that is over is in doubt.
pub(super) fn reason_of_end(action: &Action) -> Option<Reason> {
    if action.is(RUNNING) {
        return Some(Reason::new("the attempt was broken off"));
    }
    action.reason()
}

/// Why the action of a call that was dropped is in doubt.
pub(super) fn reason_of_drop(action: &Action) -> Option<Reason> {
    if !action.is(RUNNING) {
        return action.reason();
    }
    Some(Reason::new(if action.is(PANICKED) {
        "the body panicked"
    } else if std::thread::panicking() {
        "a panic ended the call"
    } else {
        "the call was dropped"
    }))
}

/// How often an outcome is sent when no answer comes.
const TOLD: u32 = 3;

pub(super) async fn complete(action: &Action, outcome: &Outcome) -> Result<(), StoreError> {
    let mut told = 0;
    loop {
        told += 1;
        match action.store.complete(&action.token, outcome.clone()).await {
            // One that was taken is accepted again.
            Err(StoreError::Unavailable { .. }) if told < TOLD => {}
            answer => return answer,
        }
    }
}

pub(super) async fn release(action: &Action) -> Result<Option<Finished>, StoreError> {
    let mut told = 0;
    loop {
        told += 1;
        match action.store.release(&action.token).await {
            Err(StoreError::Unavailable { .. }) if told < TOLD => {}
            answer => return answer,
        }
    }
}
