//! The parts that an [`Effect`](super::Effect) is put together from.

use std::fmt;
use std::future::{Future, Ready, ready};

use retry_core::__private::{Failure, Judge, classified};
use retry_core::Classify;

use crate::expansion::{Probed, probed_by, probed_sync};
use crate::gate::Gate;
use crate::policy::Probe;

/// There is nobody to ask.
#[derive(Clone, Copy, Debug)]
pub struct NoProbe;

/// A probe: see [`Effect::probe`](super::Effect::probe).
#[derive(Clone, Copy)]
pub struct Probing<F>(pub(super) F);

impl<F> fmt::Debug for Probing<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probing")
    }
}

/// Asks a sync probe.
pub trait AsksSync<T> {
    /// What happened.
    fn ask(&mut self) -> Probe<T>;
}

impl<T> AsksSync<T> for NoProbe {
    fn ask(&mut self) -> Probe<T> {
        Probe::Unknown
    }
}

impl<T, F: FnMut() -> Probe<T>> AsksSync<T> for Probing<F> {
    fn ask(&mut self) -> Probe<T> {
        probed_sync(&mut self.0)
    }
}

/// Asks an async probe.
pub trait AsksAsync<T> {
    /// The question under way.
    type Asked: Future<Output = Probe<T>>;
    /// What happened.
    fn ask(&self) -> Self::Asked;
}

impl<T> AsksAsync<T> for NoProbe {
    type Asked = Ready<Probe<T>>;

    fn ask(&self) -> Self::Asked {
        ready(Probe::Unknown)
    }
}

impl<T, F: Fn() -> Q, Q: Future<Output = Probe<T>>> AsksAsync<T> for Probing<F> {
    type Asked = Probed<Q>;

    fn ask(&self) -> Self::Asked {
        probed_by(&self.0)
    }
}

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
