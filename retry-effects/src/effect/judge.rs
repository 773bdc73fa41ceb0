//! What the gate has to say beside the judge of a call's [`Retry`](retry_core::Retry).

use retry_core::__private::{Failure, Judge};

use crate::gate::Gate;

/// A judge beside which the gate has its say.
pub(super) struct Gated<'a, J, T, E> {
    judge: J,
    gate: &'a Gate<T, E>,
}

impl<'a, J, T, E> Gated<'a, J, T, E> {
    pub(super) fn new(judge: J, gate: &'a Gate<T, E>) -> Self {
        Self { judge, gate }
    }
}

impl<T, E, J: Judge<E>> Judge<E> for Gated<'_, J, T, E> {
    fn failure<'e>(&self, error: &'e E) -> Failure<'e> {
        self.gate.judged(self.judge.failure(error))
    }
}
