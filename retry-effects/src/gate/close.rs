//! Closing a call: its outcome is recorded, and its caller gets the result that the record allows.
//! For a gate that is dropped instead, the keeper's thread records the outcome.

use retry_core::__private::{Marks, mark};

use crate::gate::action::{ENDED, MARKED, RECORDED, RUNNING, UNKNOWN};
use crate::gate::blocking;
use crate::gate::error::EffectError;
use crate::gate::event::GateEventKind;
use crate::gate::final_record::{
    ENCODER_PANICKED, FinalRecord, complete, not_encoded, reason_of_drop, reason_of_end, release,
};
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
        let ending = self.final_record(&outcome, is_final);
        self.ending = ending.outcome();
        let closed = self.record(ending, outcome).await;
        self.kept_lease = None;
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
        let ending = self.final_record(&outcome, is_final);
        self.ending = ending.outcome();
        let store = self.action.store.clone();
        let recorded = blocking::run(&*store, self.record(ending, outcome));
        // Blocking was possible when it was opened, so it is possible now; else the keeper records it.
        let Ok(closed) = recorded else {
            return Err(self.in_doubt());
        };
        self.kept_lease = None;
        closed
    }

    fn final_record(
        &mut self,
        outcome: &Result<T, E>,
        is_final: impl FnOnce(&E) -> bool,
    ) -> FinalRecord {
        self.action.set(ENDED);
        let error = match outcome {
            Ok(value) => {
                // Set in case the encoder panics: the effect has happened nevertheless.
                self.ending = Some(Outcome::applied(None));
                return match (self.results.encode)(value) {
                    Ok(payload) if self.action.is(RECORDED) => FinalRecord::Committed(payload),
                    Ok(payload) => FinalRecord::Complete(Outcome::Success(payload)),
                    Err(error) => FinalRecord::NotEncoded(error),
                };
            }
            Err(error) => error,
        };
        if self.action.is(RUNNING | UNKNOWN) {
            return FinalRecord::Complete(Outcome::in_doubt(reason_of_end(&self.action)));
        }
        match (self.errors.encode)(error) {
            Some(payload) if is_final(error) => FinalRecord::Complete(Outcome::Failed(payload)),
            _ => FinalRecord::Release,
        }
    }

    async fn record(&self, record: FinalRecord, outcome: Result<T, E>) -> Result<T, E> {
        let action = &*self.action;
        match record {
            FinalRecord::Release => match release(action).await {
                // The claim had run out, and belongs to another call by now.
                Err(StoreError::LeaseLost { .. }) => {
                    self.report(GateEventKind::Expired);
                    outcome
                }
                // The body's transaction had committed after all.
                Ok(Some(finished)) => self.replay(&finished),
                Ok(None) => {
                    self.report(GateEventKind::Released);
                    outcome
                }
                // The record stays unchanged until its lease is over; the caller has its own error.
                Err(error) => {
                    self.report_not_recorded(&error);
                    outcome
                }
            },
            FinalRecord::NotEncoded(source) => {
                let in_doubt = not_encoded(&source);
                if let Outcome::InDoubt {
                    reason: Some(reason),
                    ..
                } = &in_doubt
                {
                    action.keep_reason(reason.clone());
                }
                if let Err(error) = complete(action, &in_doubt).await {
                    self.report_not_recorded(&error);
                } else {
                    self.report(GateEventKind::InDoubt);
                }
                mark(Marks::UNKNOWN);
                Err((self.errors.of)(EffectError::NotEncoded {
                    action_type: (*action.name).into(),
                    id: action.token.id(),
                    source,
                }))
            }
            FinalRecord::Committed(payload) => {
                match action.store.resolve(action.token.id()).await {
                    Ok(Resolved::Done(finished)) if finished.fence == action.token.fence() => {
                        if finished.payload == payload {
                            self.report(GateEventKind::Succeeded);
                            outcome
                        } else {
                            self.replay(&finished)
                        }
                    }
                    Ok(_) => self.not_committed(outcome).await,
                    Err(error) => self.not_recorded(error, outcome).await,
                }
            }
            FinalRecord::Complete(ending) => match complete(action, &ending).await {
                Ok(()) => {
                    self.report(GateEventKind::of(&ending));
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
                self.report(GateEventKind::InDoubt);
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
        self.report_not_recorded(&error);
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
        self.report(GateEventKind::Succeeded);
        let (name, id) = (&self.action.name, self.action.token.id());
        self.results
            .replayed(name, id, finished)
            .map_err(self.errors.of)
    }

    fn report_not_recorded(&self, error: &StoreError) {
        self.report(match error {
            StoreError::LeaseLost { .. } => GateEventKind::LeaseLost,
            _ => GateEventKind::Unrecorded,
        });
    }

    fn report(&self, kind: GateEventKind) {
        report::tell_of(kind, &self.action);
    }
}

impl<T, E> Drop for Gate<T, E> {
    fn drop(&mut self) {
        if self.kept_lease.take().is_none() {
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
        let action_to_record = action.clone();
        lease::later(async move {
            // If the store cannot be reached, the lease runs out and leaves the action in doubt.
            let _ = match ending {
                Some(outcome) => complete(&action_to_record, &outcome).await,
                None => release(&action_to_record).await.map(drop),
            };
        });
        // Last, because an observer may panic.
        report::tell_of(kind, &action);
    }
}
