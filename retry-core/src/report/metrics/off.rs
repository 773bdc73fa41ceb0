//! What the engine says to metrics in a build without them: nothing.

mod words;

use std::time::Duration;

use crate::engine::attempts::Callee;
use crate::guard::breaker::circuit_breaker::CircuitBreaker;
use crate::guard::breaker::state::CircuitState;
use crate::guard::budget::retry_budget::RetryBudget;
use crate::operation::Operation;

pub(crate) use words::{Attempt, Call, CircuitCall};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Started;

impl Started {
    #[inline]
    pub(crate) const fn now() -> Self {
        Self
    }
}

pub(crate) struct OfCircuit;

impl OfCircuit {
    pub(crate) const fn new() -> Self {
        Self
    }

    #[inline]
    pub(crate) const fn of_member(&self, _set: &CircuitBreaker) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn asked(&self, _: &CircuitBreaker, _: CircuitCall) {}

    #[inline]
    pub(crate) fn changed(&self, _: &CircuitBreaker, _from: CircuitState, _to: CircuitState) {}
}

#[inline]
pub(crate) fn attempted(_: &impl Callee, _attempt: u32, _: Attempt) {}

#[inline]
pub(crate) fn ended(_: &impl Callee, _: &Call<'_>) {}

#[inline]
pub(crate) fn waits(_: &impl Callee, _: Duration) {}

#[inline]
pub(crate) fn withdrew(_: &impl Callee, _: [Option<&RetryBudget>; 2], _paid: bool) {}

pub(crate) struct Hedged;

impl Hedged {
    #[inline]
    pub(crate) const fn new(_: Operation) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn ended(&self, _succeeded: bool) {}
}
