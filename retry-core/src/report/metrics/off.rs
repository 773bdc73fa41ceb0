//! The metrics functions in a build without metrics: all empty.

mod labels;
mod measured;
mod stand_ins;

use std::time::Duration;

use crate::operation::Operation;
use crate::report::circuit::CircuitState;

pub(crate) use labels::{AttemptResult, Circuit, CircuitCall};
pub(crate) use measured::{EndedCall, Measured};
pub(crate) use stand_ins::{CallStart, OperationMetrics};

pub(crate) struct CircuitMetrics;

impl CircuitMetrics {
    pub(crate) const fn new() -> Self {
        Self
    }

    #[inline]
    pub(crate) const fn of_member(&self, _set: Circuit<'_>) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn count_call(
        &self,
        _: Circuit<'_>,
        _: CircuitCall,
        _state: impl Fn() -> CircuitState,
    ) {
    }

    #[inline]
    pub(crate) fn changed(
        &self,
        _: Circuit<'_>,
        _from: CircuitState,
        _to: CircuitState,
        _state: impl Fn() -> CircuitState,
    ) {
    }
}

#[inline]
pub(crate) fn attempted(_: &impl Measured, _attempt: u32, _: AttemptResult) {}

#[inline]
pub(crate) fn ended(_: &impl Measured, _: &EndedCall, _tokens: impl FnOnce() -> Option<f64>) {}

#[inline]
pub(crate) fn waits(_: &impl Measured, _: Duration) {}

#[inline]
pub(crate) fn withdrew(_: &impl Measured, _tokens: impl FnOnce() -> Option<f64>, _paid: bool) {}

pub(crate) struct RunningHedge;

impl RunningHedge {
    #[inline]
    pub(crate) const fn new(_: Operation) -> Self {
        Self
    }

    #[inline]
    pub(crate) fn ended(&self, _succeeded: bool) {}
}
