//! Closing a call: its outcome is recorded, and its caller gets the result that the record allows.
//! For a gate that is dropped instead, the keeper's thread records the outcome.

use std::future::Future;
use std::pin::pin;

use retry_core::__private::{Marks, mark};

use crate::gate::action::{ENDED, MARKED, RUNNING, UNKNOWN};
use crate::gate::blocking;
use crate::gate::event::GateEventKind;
use crate::gate::gate::Gate;
use crate::gate::lease_keeper;
use crate::gate::outcome_decision::{ENCODER_PANICKED, reason_of_drop};
use crate::gate::outcome_writer::{Recorded, complete, record, release};
use crate::gate::report;
use crate::protocol::outcome::Outcome;
use crate::protocol::reason::Reason;

impl<T, E> Gate<T, E> {
    /// Records the call's outcome, and returns its caller's result.
    ///
    /// # Errors
    ///
    /// The call's own error, or that its outcome could not be recorded.
    pub fn close(
        mut self,
        outcome: Result<T, E>,
        is_final: impl FnOnce(&E) -> bool,
    ) -> impl Future<Output = Result<T, E>> {
        let ending = self.decide_outcome(&outcome, is_final);
        // No async function: its future would hold each of its arguments twice.
        async move {
            let recorded = record(&self.action, ending, self.ending.as_ref()).await;
            let returned = self.returned(recorded, outcome);
            self.kept_lease.take();
            returned
        }
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
        let ending = self.decide_outcome(&outcome, is_final);
        let recorded = record(&self.action, ending, self.ending.as_ref());
        // Blocking was possible when it was opened, so it is possible now; else the keeper records it.
        let Ok(recorded) = blocking::run(&*self.action.store, pin!(recorded)) else {
            return Err(self.in_doubt_error());
        };
        let returned = self.returned(recorded, outcome);
        self.kept_lease = None;
        returned
    }

    /// Returns the caller's result.
    fn returned(&self, recorded: Recorded, outcome: Result<T, E>) -> Result<T, E> {
        match recorded {
            Recorded::Own => outcome,
            Recorded::Replayed(finished) => {
                report::action_event(GateEventKind::Succeeded, &self.action);
                let (name, id) = (&self.action.name, self.action.token.id());
                let replayed = self.results.replayed(name, id, &finished);
                replayed.map_err(self.errors.of)
            }
            Recorded::Unrecorded(error) => {
                outcome?;
                // An error that is only a text cannot pass the doubt to the enclosing call; the mark
                // does.
                mark(Marks::UNKNOWN);
                Err((self.errors.of)(error))
            }
            Recorded::NotEncoded(error) => Err((self.errors.of)(error)),
            Recorded::InDoubt => Err(self.in_doubt_error()),
        }
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
        let ended = action.clone();
        lease_keeper::spawn(async move {
            // If the store cannot be reached, the lease runs out and leaves the action in doubt.
            let _ = match ending {
                Some(outcome) => complete(&ended, &outcome).await,
                None => release(&ended).await.map(drop),
            };
        });
        // Last, because an observer may panic.
        report::action_event(kind, &action);
    }
}
