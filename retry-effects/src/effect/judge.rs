//! A judge that adds the gate's decisions to the judge of a call's [`Retry`](retry_core::Retry).

use retry_core::__private::{Failure, Judge, classified};
use retry_core::{Classify, Judgement, Verdict};

use crate::gate::gate::Gate;

/// A judge whose verdicts the gate may change.
pub(super) struct GatedJudge<'a, J, T, E> {
    judge: &'a J,
    gate: &'a Gate<T, E>,
}

impl<J, T, E> Clone for GatedJudge<'_, J, T, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<J, T, E> Copy for GatedJudge<'_, J, T, E> {}

impl<'a, J, T, E> GatedJudge<'a, J, T, E> {
    pub(super) fn new(judge: &'a J, gate: &'a Gate<T, E>) -> Self {
        Self { judge, gate }
    }
}

impl<T, E: Classify, J: Judge<T, E>> GatedJudge<'_, J, T, E> {
    /// Notes an attempt's outcome in the gate; returns whether the callee must be probed.
    pub(super) fn note(&self, outcome: &Result<T, E>) -> bool {
        match (outcome, self.judge.judge(outcome)) {
            (Ok(_), Some(judgement)) if judgement.refuses_ok() => {
                self.gate.note_unaccepted(&Failure::unaccepted(judgement))
            }
            (_, judged) => self
                .gate
                .note(outcome, |error| self.evidence(error, judged)),
        }
    }

    /// Returns the evidence about an attempt's error: by `judge`, else by its type and by
    /// `not_applied_if`.
    fn evidence<'e>(&self, error: &'e E, judged: Option<Judgement>) -> Failure<'e> {
        match judged {
            Some(judgement) => classified(error).judged_as(judgement, false),
            None => self.failure_by_type(error),
        }
    }

    /// Returns the evidence of the error itself and of `not_applied_if`.
    fn failure_by_type<'e>(&self, error: &'e E) -> Failure<'e> {
        classified(error).not_applied_if(|| self.judge.states_not_applied(error))
    }

    /// Whether the call's outcome is a final error.
    pub(super) fn is_final_error(&self, outcome: &Result<T, E>) -> bool {
        let Err(error) = outcome else {
            return false;
        };
        match self.judge.judge(outcome) {
            Some(judgement) => !judgement.refuses_ok(),
            None => error.classify().verdict() == Verdict::Stop,
        }
    }
}

impl<T, E: Classify, J: Judge<T, E>> Judge<T, E> for GatedJudge<'_, J, T, E> {
    fn judge(&self, outcome: &Result<T, E>) -> Option<Judgement> {
        // A value of no attempt is the callee's answer to the probe: it is the result.
        if outcome.is_ok() && !self.gate.has_begun() && !self.gate.is_unaccepted() {
            return None;
        }
        self.judge.judge(outcome)
    }

    fn failure<'e>(&self, error: &'e E) -> Failure<'e> {
        let own = self.failure_by_type(error);
        self.gate.judged(match self.judge.advice(error) {
            Some(verdict) => own.with_verdict(verdict),
            None => own,
        })
    }

    fn unaccepted(&self, judgement: Judgement) -> Failure<'static> {
        self.gate.judged(Failure::unaccepted(judgement))
    }

    fn judged<'e>(&self, error: &'e E, judgement: Judgement, timed_out: bool) -> Failure<'e> {
        self.gate
            .judged(classified(error).judged_as(judgement, timed_out))
    }

    fn shown<'e>(&self, error: &'e E) -> Failure<'e> {
        classified(error)
    }
}
