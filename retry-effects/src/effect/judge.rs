//! What the gate has to say beside the judge of a call's [`Retry`](retry_core::Retry).

use retry_core::__private::{Failure, Judge, classified};
use retry_core::Classify;

use crate::gate::gate::Gate;

/// A judge beside which the gate has its say.
pub(super) struct Gated<'a, J, T, E> {
    judge: &'a J,
    gate: &'a Gate<T, E>,
}

impl<J, T, E> Clone for Gated<'_, J, T, E> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<J, T, E> Copy for Gated<'_, J, T, E> {}

impl<'a, J, T, E> Gated<'a, J, T, E> {
    pub(super) fn new(judge: &'a J, gate: &'a Gate<T, E>) -> Self {
        Self { judge, gate }
    }
}

impl<T, E: Classify, J: Judge<E>> Gated<'_, J, T, E> {
    /// What the error itself, and the statement of `not_applied_if`, let be known.
    pub(super) fn own<'e>(&self, error: &'e E) -> Failure<'e> {
        classified(error).not_applied_if(|| self.judge.states_not_applied(error))
    }
}

impl<T, E: Classify, J: Judge<E>> Judge<E> for Gated<'_, J, T, E> {
    fn failure<'e>(&self, error: &'e E) -> Failure<'e> {
        let own = self.own(error);
        self.gate.judged(match self.judge.advice(error) {
            Some(verdict) => own.judged(verdict),
            None => own,
        })
    }
}
