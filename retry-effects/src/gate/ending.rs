//! The end of a call: what is recorded of it, and what its caller gets.

use retry_core::__private::{Marks, mark};

use super::Gate;
use crate::action::{Action, ENDED, PANICKED, RECORDED, RUNNING, UNKNOWN};
use crate::codec::Results;
use crate::effect_error::EffectError;
use crate::event::{self, GateEventKind};
use crate::reason::Reason;
use crate::record::{Finished, Payload, Resolved};
use crate::store::Outcome;
use crate::store_error::StoreError;

impl<T, E> Gate<T, E> {
    pub(super) fn ending(
        &mut self,
        outcome: &Result<T, E>,
        is_final: impl FnOnce(&E) -> bool,
    ) -> Ending {
        self.action.set(ENDED);
        let error = match outcome {
            Ok(value) => {
                // Should its encoder panic: it has happened all the same.
                self.ending = Some(Outcome::applied(None));
                return match (self.results.encode)(value) {
                    Ok(payload) if self.action.is(RECORDED) => Ending::Committed(payload),
                    Ok(payload) => Ending::Complete(Outcome::Success(payload)),
                    Err(error) => Ending::NotEncoded(error),
                };
            }
            Err(error) => error,
        };
        if self.action.is(RUNNING | UNKNOWN) {
            return Ending::Complete(Outcome::in_doubt(reason_of_end(&self.action)));
        }
        match (self.errors.encode)(error) {
            Some(payload) if is_final(error) => Ending::Complete(Outcome::Failed(payload)),
            _ => Ending::Release,
        }
    }

    pub(super) async fn record(&self, ending: Ending, outcome: Result<T, E>) -> Result<T, E> {
        let action = &*self.action;
        match ending {
            Ending::Release => match release(action).await {
                // The claim had run out, and is another's by now.
                Err(StoreError::LeaseLost { .. }) => {
                    self.tell(GateEventKind::Expired);
                    outcome
                }
                // The body's transaction had committed after all.
                Ok(Some(finished)) => self.replay(&finished),
                Ok(None) => {
                    self.tell(GateEventKind::Released);
                    outcome
                }
                // The record stays as it is, until its lease is over; the caller has its own error.
                Err(error) => {
                    self.not_told(&error);
                    outcome
                }
            },
            Ending::NotEncoded(source) => {
                let in_doubt = not_encoded(&source);
                if let Err(error) = complete(action, &in_doubt).await {
                    self.not_told(&error);
                } else {
                    self.tell(GateEventKind::InDoubt);
                }
                mark(Marks::UNKNOWN);
                Err((self.errors.of)(EffectError::NotEncoded {
                    action_type: (*action.name).into(),
                    id: action.token.id(),
                    source,
                }))
            }
            Ending::Committed(payload) => match action.store.resolve(action.token.id()).await {
                Ok(Resolved::Done(finished)) if finished.fence == action.token.fence() => {
                    if finished.payload == payload {
                        self.tell(GateEventKind::Succeeded);
                        outcome
                    } else {
                        self.replay(&finished)
                    }
                }
                Ok(_) => self.not_committed(outcome).await,
                Err(error) => self.not_recorded(error, outcome).await,
            },
            Ending::Complete(ending) => match complete(action, &ending).await {
                Ok(()) => {
                    self.tell(GateEventKind::of(&ending));
                    outcome
                }
                Err(error) => self.not_recorded(error, outcome).await,
            },
        }
    }

    /// What the caller gets where the body has a result, and the transaction in which it recorded that
    /// has not been committed: rolled back, or still under way.
    async fn not_committed(&self, outcome: Result<T, E>) -> Result<T, E> {
        let reason =
            Reason::new("the transaction in which its result was recorded was not committed");
        self.action.keep_reason(reason.clone());
        let in_doubt = Outcome::in_doubt(Some(reason));
        match complete(&self.action, &in_doubt).await {
            Ok(()) => {
                self.tell(GateEventKind::InDoubt);
                // An error type that is a text does not tell what this call is a part of.
                mark(Marks::UNKNOWN);
                Err(self.in_doubt())
            }
            // By now it may have been.
            Err(error) => self.not_recorded(error, outcome).await,
        }
    }

    /// What the caller gets where the store did not take the outcome.
    async fn not_recorded(&self, error: StoreError, outcome: Result<T, E>) -> Result<T, E> {
        let action = &*self.action;
        let is_lost = matches!(error, StoreError::LeaseLost { .. });
        if is_lost
            && let Ok(Resolved::Done(finished)) = action.store.resolve(action.token.id()).await
            && finished.fence == action.token.fence()
        {
            // The body recorded its own result in its transaction.
            return self.replay(&finished);
        }
        self.not_told(&error);
        outcome?;
        // An error type that is a text does not tell what this call is a part of.
        mark(Marks::UNKNOWN);
        Err((self.errors.of)(if is_lost {
            action.lease_lost()
        } else {
            EffectError::Unrecorded {
                action_type: (*action.name).into(),
                id: action.token.id(),
                source: error,
            }
        }))
    }

    fn replay(&self, finished: &Finished) -> Result<T, E> {
        self.tell(GateEventKind::Succeeded);
        let (name, id) = (&self.action.name, self.action.token.id());
        self.results
            .replayed(name, id, finished)
            .map_err(self.errors.of)
    }

    fn not_told(&self, error: &StoreError) {
        self.tell(match error {
            StoreError::LeaseLost { .. } => GateEventKind::LeaseLost,
            _ => GateEventKind::Unrecorded,
        });
    }

    fn tell(&self, kind: GateEventKind) {
        event::tell_of(kind, &self.action);
    }
}

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

fn not_encoded(error: &serde_json::Error) -> Outcome {
    let reason = format_args!("its result cannot be written as JSON: {error}");
    Outcome::applied(Some(Reason::new(reason)))
}

/// Why the action of a call that is over is in doubt.
fn reason_of_end(action: &Action) -> Option<Reason> {
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

impl<T> Results<T> {
    /// The recorded result.
    pub(crate) fn replayed(
        &self,
        name: &str,
        id: crate::ActionId,
        finished: &Finished,
    ) -> Result<T, EffectError> {
        (self.decode)(&finished.payload).map_err(|source| EffectError::NotDecoded {
            action_type: name.into(),
            id,
            format: finished.payload.format(),
            source,
        })
    }
}
