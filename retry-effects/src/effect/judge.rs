//! A judge that adds the gate's decisions to the judge of a call's [`Retry`](retry_core::Retry).

use retry_core::__private::{Failure, Judge, classified};
use retry_core::Classify;

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

impl<T, E: Classify, J: Judge<E>> GatedJudge<'_, J, T, E> {
    /// Returns the evidence of the error itself and of `not_applied_if`.
    pub(super) fn failure_by_type<'e>(&self, error: &'e E) -> Failure<'e> {
        classified(error).not_applied_if(|| self.judge.states_not_applied(error))
    }
}

impl<T, E: Classify, J: Judge<E>> Judge<E> for GatedJudge<'_, J, T, E> {
    fn failure<'e>(&self, error: &'e E) -> Failure<'e> {
        let own = self.failure_by_type(error);
        self.gate.judged(match self.judge.advice(error) {
            Some(verdict) => own.with_verdict(verdict),
            None => own,
        })
    }

    fn shown<'e>(&self, error: &'e E) -> Failure<'e> {
        classified(error)
    }
}
