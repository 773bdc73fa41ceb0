//! The decision at the end of a call: the outcome to record, the reason if it is in doubt, and the way to record
//! it. `outcome_writer` then writes it.

use crate::gate::action::{
    Action, COMPLETED_IN_TRANSACTION, ENDED, PANICKED, RESCUED, RUNNING, UNACCEPTED, UNKNOWN,
};
use crate::gate::gate::Gate;
use crate::protocol::outcome::Outcome;
use crate::protocol::payload::Payload;
use crate::protocol::reason::Reason;

/// The way in which the outcome of a call is recorded.
pub(super) enum FinalRecord {
    Complete,
    /// This result, recorded by the body's own transaction.
    Committed(Payload),
    NotEncoded(serde_json::Error),
    /// In doubt, and the caller learns that: it would take the value for the result.
    Doubt,
    Release,
}

impl<T, E> Gate<T, E> {
    /// Ends the attempts, and decides the outcome to record. The outcome is kept for the case that the gate is
    /// dropped before it is recorded; returns the way to record it.
    pub(super) fn decide_outcome(
        &mut self,
        outcome: &Result<T, E>,
        is_final: impl FnOnce(&E) -> bool,
    ) -> FinalRecord {
        self.action.set(ENDED);
        let (ending, recorded) = match outcome {
            Ok(value) if !has_no_result(&self.action) => {
                // Set in case the encoder panics: the effect has happened nevertheless.
                self.ending = Some(Outcome::applied(None));
                match (self.results.encode)(value) {
                    Ok(payload) if self.action.is(COMPLETED_IN_TRANSACTION) => {
                        (FinalRecord::Committed(payload), Some(not_known_committed()))
                    }
                    // The body has recorded it in a form of its own; the caller gets that record.
                    Err(_) if self.action.is(COMPLETED_IN_TRANSACTION) => {
                        let none = Payload::new("null");
                        (FinalRecord::Committed(none), Some(not_known_committed()))
                    }
                    Ok(payload) => (FinalRecord::Complete, Some(Outcome::Success(payload))),
                    Err(error) => {
                        let in_doubt = not_encoded(&error);
                        (FinalRecord::NotEncoded(error), Some(in_doubt))
                    }
                }
            }
            Err(_) | Ok(_) if self.action.is(RUNNING | UNKNOWN) => {
                let in_doubt = Outcome::in_doubt(reason_of_end(&self.action));
                let ending = match outcome {
                    Ok(_) => FinalRecord::Doubt,
                    Err(_) => FinalRecord::Complete,
                };
                (ending, Some(in_doubt))
            }
            Ok(_) => (FinalRecord::Release, None),
            Err(error) => match (self.errors.encode)(error) {
                Some(payload) if is_final(error) => {
                    (FinalRecord::Complete, Some(Outcome::Failed(payload)))
                }
                _ => (FinalRecord::Release, None),
            },
        };
        self.ending = recorded;
        ending
    }
}

/// Whether the last attempt ended with a value that is not accepted as the result, and the callee did not
/// state one.
fn has_no_result(action: &Action) -> bool {
    action.is(UNACCEPTED) && !action.is(RESCUED)
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
