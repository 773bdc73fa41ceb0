//! Closing a call: its outcome is recorded, and its caller gets the result that the record allows.
//! For a gate that is dropped instead, the keeper's thread records the outcome.

use std::pin::pin;

use retry_core::__private::{Marks, mark};

use crate::gate::action::{ENDED, MARKED, RECORDED, RUNNING, UNKNOWN};
use crate::gate::blocking;
use crate::gate::ending::{
    ENCODER_PANICKED, Ending, complete, not_encoded, not_known_committed, reason_of_drop,
    reason_of_end, release,
};
use crate::gate::error::EffectError;
use crate::gate::event::GateEventKind;
use crate::gate::gate::Gate;
use crate::gate::lease;
use crate::gate::report;
use crate::protocol::outcome::Outcome;
use crate::protocol::reason::Reason;
use crate::protocol::record::{Finished, Resolved};
use crate::protocol::store_error::StoreError;

impl<T, E> Gate<T, E> {
    /// Records the call's outcome, and returns its caller's result.
    ///
    /// # Errors
    ///
    /// The call's own error, or that its outcome could not be recorded.
    pub async fn close(
        mut self,
        outcome: Result<T, E>,
        is_final: impl FnOnce(&E) -> bool,
    ) -> Result<T, E> {
        let ending = self.end(&outcome, is_final);
        let closed = self.record(ending, outcome).await;
        self.held = None;
        closed
    }

    /// [`close`](Self::close) for a sync call.
    ///
    /// # Errors
    ///
    /// As [`close`](Self::close).
    pub fn close_sync(
        mut self,
        outcome: Result<T, E>,
        is_final: impl FnOnce(&E) -> bool,
    ) -> Result<T, E> {
        let ending = self.end(&outcome, is_final);
        let store = &*self.action.store;
        let recorded = blocking::run(store, pin!(self.record(ending, outcome)));
        // Blocking was possible when it was opened, so it is possible now; else the keeper records it.
        let Ok(closed) = recorded else {
            return Err(self.in_doubt());
        };
        self.held = None;
        closed
    }

    /// Ends the attempts: keeps the outcome to record, and returns the way to do it.
    fn end(&mut self, outcome: &Result<T, E>, is_final: impl FnOnce(&E) -> bool) -> Ending {
        self.action.set(ENDED);
        let (ending, recorded) = match outcome {
            Ok(value) => {
                // Set in case the encoder panics: the effect has happened nevertheless.
                self.ending = Some(Outcome::applied(None));
                match (self.results.encode)(value) {
                    Ok(payload) if self.action.is(RECORDED) => {
                        (Ending::Committed(payload), Some(not_known_committed()))
                    }
                    Ok(payload) => (Ending::Complete, Some(Outcome::Success(payload))),
                    Err(error) => {
                        let in_doubt = not_encoded(&error);
                        (Ending::NotEncoded(error), Some(in_doubt))
                    }
                }
            }
            Err(_) if self.action.is(RUNNING | UNKNOWN) => {
                let in_doubt = Outcome::in_doubt(reason_of_end(&self.action));
                (Ending::Complete, Some(in_doubt))
            }
            Err(error) => match (self.errors.encode)(error) {
                Some(payload) if is_final(error) => {
                    (Ending::Complete, Some(Outcome::Failed(payload)))
                }
                _ => (Ending::Release, None),
            },
        };
        self.ending = recorded;
        ending
    }

    /// Returns the outcome to record of a call that has one.
    fn to_record(&self) -> &Outcome {
        let outcome = self.ending.as_ref();
        outcome.expect("only a released call has none")
    }

    async fn record(&self, ending: Ending, outcome: Result<T, E>) -> Result<T, E> {
        let action = &*self.action;
        match ending {
            Ending::Release => match release(action).await {
                // The claim had run out, and belongs to another call by now.
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
                // The record stays unchanged until its lease is over; the caller has its own error.
                Err(error) => {
                    self.not_told(&error);
                    outcome
                }
            },
            Ending::NotEncoded(source) => {
                let in_doubt = self.to_record();
                if let Outcome::InDoubt {
                    reason: Some(reason),
                    ..
                } = in_doubt
                {
                    action.keep_reason(reason.clone());
                }
                if let Err(error) = complete(action, in_doubt).await {
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
            Ending::Complete => match complete(action, self.to_record()).await {
                Ok(()) => {
                    self.tell(GateEventKind::of(self.to_record()));
                    outcome
                }
                Err(error) => self.not_recorded(error, outcome).await,
            },
        }
    }

    /// Returns the caller's result if the body has a result, and the transaction that recorded it has
    /// not been committed: rolled back, or still running.
    async fn not_committed(&self, outcome: Result<T, E>) -> Result<T, E> {
        let reason =
            Reason::new("the transaction in which its result was recorded was not committed");
        self.action.keep_reason(reason.clone());
        let in_doubt = Outcome::in_doubt(Some(reason));
        match complete(&self.action, &in_doubt).await {
            Ok(()) => {
                self.tell(GateEventKind::InDoubt);
                // An error that is only a text cannot pass the doubt to the enclosing call; the
                // mark does.
                mark(Marks::UNKNOWN);
                Err(self.in_doubt())
            }
            // It may have been committed by now.
            Err(error) => self.not_recorded(error, outcome).await,
        }
    }

    /// Returns the caller's result if the store did not accept the outcome.
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
        // An error that is only a text cannot pass the doubt to the enclosing call; the mark does.
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
        report::tell_of(kind, &self.action);
    }
}

impl<T, E> Drop for Gate<T, E> {
    fn drop(&mut self) {
        if self.held.take().is_none() {
            return;
        }
        let action = self.action.clone();
        action.set(ENDED);
        // A missing outcome is no proof: an attempt that has begun may have happened.
        let in_doubt = action.is(RUNNING | UNKNOWN);
        if in_doubt {
            // The enclosing call is in doubt too, even if nothing polls it: an aborted task is dropped
            // elsewhere.
            mark(Marks::UNKNOWN);
            if let Some(parent) = &action.parent {
                parent.set(MARKED);
            }
        }
        let mut ending = self.ending.take();
        match &mut ending {
            None if in_doubt => ending = Some(Outcome::in_doubt(reason_of_drop(&action))),
            Some(Outcome::InDoubt {
                applied: true,
                reason: reason @ None,
            }) => {
                action.keep_reason(Reason::new(ENCODER_PANICKED));
                *reason = action.reason();
            }
            _ => {}
        }
        let kind = ending
            .as_ref()
            .map_or(GateEventKind::Released, GateEventKind::of);
        let told = action.clone();
        lease::later(async move {
            // If the store cannot be reached, the lease runs out and leaves the action in doubt.
            let _ = match ending {
                Some(outcome) => complete(&told, &outcome).await,
                None => release(&told).await.map(drop),
            };
        });
        // Last, because an observer may panic.
        report::tell_of(kind, &action);
    }
}
