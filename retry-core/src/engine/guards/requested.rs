//! [`RequestedGuards`]: the guards that an attribute requests, known at compile time.

use super::implicit;
use super::in_force::Guards;
use crate::operation::Operation;
use crate::settings::guard_layer::GuardLayer;
use crate::settings::guard_variables::TunedGuard;

/// The requested guards, the calls that share them, and their attribute's settings.
#[derive(Clone, Copy, Debug)]
pub struct RequestedGuards {
    /// `budget`
    pub budget: Option<SharedBy>,
    /// `circuit_breaker`
    pub breaker: Option<SharedBy>,
    /// `adaptive`
    pub limiter: Option<SharedBy>,
    /// Whether there is a `time_budget`.
    pub time_budget: bool,
    /// Whether there is a `hedge`.
    pub hedge: bool,
    /// Settings of the attribute.
    pub layer: GuardLayer,
}

/// The calls that share a guard which no code declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SharedBy {
    /// All calls of the operation.
    Operation,
    /// All calls that name it.
    Named(&'static str),
}

impl RequestedGuards {
    /// An attribute that requests no shared guard.
    pub const NONE: Self = Self {
        budget: None,
        breaker: None,
        limiter: None,
        time_budget: false,
        hedge: false,
        layer: GuardLayer::NONE,
    };

    /// Returns the guards that variables tune here: they set nothing of one that the attribute's expression gives.
    pub(crate) fn tuned(&self) -> impl Iterator<Item = TunedGuard> {
        let guards = [
            (self.budget.is_some(), TunedGuard::Budget),
            (self.breaker.is_some(), TunedGuard::Breaker),
            (self.time_budget, TunedGuard::TimeBudget),
            (self.hedge, TunedGuard::Hedge),
        ];
        let requested = guards.into_iter().filter(|(is_requested, _)| *is_requested);
        requested.map(|(_, guard)| guard)
    }

    /// Returns the guards under `layer`, which merges all layers.
    pub(crate) fn guards(&self, operation: &Operation, layer: &GuardLayer) -> Guards<'static> {
        Guards {
            budget: self.budget.map(|share| match share {
                SharedBy::Operation => operation.state().own.budget(layer.budget()),
                SharedBy::Named(name) => {
                    implicit::named_budget(name, layer.budget(), self.layer.gives_budget())
                }
            }),
            breaker: self.breaker.map(|share| match share {
                SharedBy::Operation => operation.own_breaker(layer.breaker()),
                SharedBy::Named(name) => {
                    implicit::named_breaker(name, layer.breaker(), self.layer.gives_breaker())
                }
            }),
            limiter: self.limiter.map(|share| match share {
                SharedBy::Operation => operation.state().own.limiter(),
                SharedBy::Named(name) => implicit::named_limiter(name),
            }),
            scope: None,
        }
    }
}
