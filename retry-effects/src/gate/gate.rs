//! [`Gate`]: one claimed call, from its first attempt to its record.

use std::future::Future;
use std::sync::Arc;

use retry_core::__private::{Failure, Marks, mark};
use retry_core::Verdict;

use crate::gate::action::{
    ACTED, Action, LOST, MARKED, RETURNED, RUNNING, STOPPED, UNACCEPTED, UNKNOWN, UNPROVED,
};
use crate::gate::attempt::{GatedAttempt, unless_it_panics};
use crate::gate::codec::types::{Errors, OutcomeCodec, Results};
use crate::gate::lease_keeper::{self, KeptLease};
use crate::gate::options::Doubt;
use crate::gate::report;
use crate::protocol::outcome::Outcome;
use crate::protocol::reason::Reason;

/// A claimed call. If it is dropped before it is closed, an action that is proved not applied is
/// released; any other is left in doubt.
#[derive(Debug)]
pub struct Gate<T, E> {
    pub(super) action: Arc<Action>,
    /// `None` after it is closed.
    pub(super) kept_lease: Option<KeptLease>,
    pub(super) doubt: Doubt,
    /// Whether an earlier owner's effect must be probed before anything runs.
    pub(super) probes_first: bool,
    /// The outcome that is being recorded, once the call has ended.
    pub(super) ending: Option<Outcome>,
    pub(super) results: Results<T>,
    pub(super) errors: Errors<E>,
}

impl<T, E> Gate<T, E> {
    pub(crate) fn new(
        action: Arc<Action>,
        doubt: Doubt,
        probes_first: bool,
        OutcomeCodec { results, errors }: OutcomeCodec<T, E>,
    ) -> Self {
        let kept_lease = Some(lease_keeper::keep_lease(&action));
        let _ = action.result_type.set(std::any::type_name::<T>);
        Self {
            action,
            kept_lease,
            doubt,
            probes_first,
            ending: None,
            results,
            errors,
        }
    }

    /// Runs an async attempt under this claim.
    #[inline]
    pub fn attempt<F: Future<Output = Result<T, E>>>(&self, body: F) -> GatedAttempt<'_, F, E> {
        GatedAttempt {
            body,
            action: &self.action,
            error_of: self.errors.of,
            // Under `halt` no other call runs the action, so the attempt may finish after it has lost its
            // lease. Otherwise another call may run it, and the attempt is cancelled.
            cancel_on_lost_lease: self.doubt != Doubt::Halt,
            begun: false,
        }
    }

    /// Runs a sync attempt under this claim.
    ///
    /// # Errors
    ///
    /// The body's error, or that the lease is over.
    #[inline]
    pub fn attempt_sync(&self, body: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        if let Err(error) = self.action.begin_attempt() {
            return Err((self.errors.of)(error));
        }
        let outcome = unless_it_panics(&self.action, body);
        self.action.set(RETURNED);
        outcome
    }

    /// Notes an attempt's outcome; `judge` converts its error to a failure. Returns whether the callee
    /// must be probed.
    pub fn note<'e>(
        &self,
        outcome: &'e Result<T, E>,
        judge: impl FnOnce(&'e E) -> Failure<'e>,
    ) -> bool {
        let Err(error) = outcome else {
            return false;
        };
        let action = &self.action;
        let is_refused = action.is(STOPPED) && !action.is(RUNNING);
        if is_refused {
            // The lease was over: nothing began.
            return false;
        }
        self.note_failure(&judge(error))
    }

    /// Notes an attempt that ended with a value which is not accepted as the result. Returns whether the
    /// callee must be probed.
    #[expect(
        clippy::must_use_candidate,
        reason = "a call without a probe has no use for it"
    )]
    pub fn note_unaccepted(&self, failure: &Failure<'_>) -> bool {
        self.action.set(UNACCEPTED);
        self.note_failure(failure)
    }

    fn note_failure(&self, failure: &Failure<'_>) -> bool {
        let action = &self.action;
        let has_running_part = action.has_running_part();
        // Whether the error can prove that nothing happened: it is the attempt's own, and covers all of it.
        let is_open = !self.is_cut() && !action.is(MARKED | ACTED) && !has_running_part;
        if is_open && self.proves_not_applied(failure) {
            action.clear(RUNNING);
            if action.is(LOST) {
                // Another attempt would run under another owner's claim.
                action.set(STOPPED);
            }
            return false;
        }
        let reason = self.reason(failure, has_running_part);
        if is_open && failure.is_unrecognized() {
            report::unrecognized(action, reason.as_str());
        }
        action.keep_reason(reason);
        action.clear(RUNNING | MARKED);
        action.set(UNKNOWN);
        // The enclosing call is unknown too.
        mark(Marks::UNKNOWN);
        match self.doubt {
            Doubt::Halt => action.set(STOPPED),
            Doubt::Reexecute | Doubt::Probe if action.is(LOST) => action.set(STOPPED),
            Doubt::Reexecute => {}
            Doubt::Probe => return true,
        }
        false
    }

    /// Returns the reason why the attempt's effect is unknown: its error, and a circumstance that
    /// outweighs the error.
    fn reason(&self, failure: &Failure<'_>, has_running_part: bool) -> Reason {
        let (action, text) = (&self.action, failure.chain_text());
        match self.is_cut() {
            false if action.is(ACTED) => {
                Reason::new(format_args!("it failed after it had acted: {text}"))
            }
            false if action.is(MARKED) => {
                Reason::new(format_args!("a call inside it may have happened: {text}"))
            }
            false if has_running_part => Reason::new(format_args!(
                "a task or thread of its body was still running: {text}"
            )),
            _ => Reason::new(text),
        }
    }

    /// [`note`](Self::note) for the end of a call whose last attempt the time limit may have cut. Does nothing
    /// unless it was cut. `judge` supplies only the text of the error, which proves nothing.
    pub fn note_cut<'e>(
        &self,
        outcome: &'e Result<T, E>,
        judge: impl FnOnce(&'e E) -> Failure<'e>,
    ) -> bool {
        self.is_cut() && self.note(outcome, judge)
    }

    /// Whether the failure proves that the attempt had no effect. Nothing uncertain counts as proof.
    fn proves_not_applied(&self, failure: &Failure<'_>) -> bool {
        let action = &self.action;
        // Either the error states it for the whole body, or no nested call failed without stating
        // its effect.
        failure.is_stated()
            || (!action.is(UNPROVED) && (failure.is_not_applied() || action.was_refused(failure)))
    }

    /// Returns the failure for the engine: the gate also decides whether there is another attempt.
    #[inline]
    #[must_use]
    pub fn judged<'a>(&self, failure: Failure<'a>) -> Failure<'a> {
        if self.is_stopped() {
            failure.with_verdict(Verdict::Stop)
        } else {
            failure
        }
    }

    /// Whether the attempt ended with a value that is not accepted as the result.
    pub(crate) fn is_unaccepted(&self) -> bool {
        self.action.is(UNACCEPTED)
    }

    /// Whether a body has begun whose outcome has not been noted.
    pub(crate) fn has_begun(&self) -> bool {
        self.action.is(RUNNING)
    }

    /// Whether an attempt was cut before its body returned, or the probe of an attempt before its answer.
    pub(crate) fn is_cut(&self) -> bool {
        let action = &self.action;
        let is_probing = self.doubt == Doubt::Probe && action.is(UNKNOWN) && !action.is(STOPPED);
        is_probing || (action.is(RUNNING) && !action.is(RETURNED))
    }

    pub(crate) fn is_stopped(&self) -> bool {
        let halted = self.doubt == Doubt::Halt && self.is_cut();
        halted || self.action.is(STOPPED)
    }

    /// Returns the error of a call that ended in doubt without an error of its own.
    pub(crate) fn in_doubt_error(&self) -> E {
        (self.errors.of)(self.action.in_doubt())
    }
}
