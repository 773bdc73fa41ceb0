//! [`Asked`]: the guards that an attribute requests, known at compile time.

use super::implicit;
use super::in_force::Guards;
use crate::operation::Operation;
use crate::settings::guard_layer::GuardLayer;

/// The requested guards, the calls that share them, and their attribute's settings.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// `budget`
    pub budget: Option<Share>,
    /// `circuit_breaker`
    pub breaker: Option<Share>,
    /// `adaptive`
    pub limiter: Option<Share>,
    /// Settings of the attribute.
    pub layer: GuardLayer,
}

/// The calls that share a guard which no code declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// All calls of the operation.
    Operation,
    /// All calls that name it.
    Named(&'static str),
}

impl Asked {
    /// An attribute that requests no shared guard.
    pub const NONE: Self = Self {
        budget: None,
        breaker: None,
        limiter: None,
        layer: GuardLayer::NONE,
    };

    /// Returns the guards under `layer`, which merges all layers.
    pub(crate) fn guards(&self, operation: &Operation, layer: &GuardLayer) -> Guards<'static> {
        Guards {
            budget: self.budget.map(|share| match share {
                Share::Operation => operation.state().own.budget(layer.budget()),
                Share::Named(name) => {
                    implicit::named_budget(name, (layer.budget(), self.layer.gives_budget()))
                }
            }),
            breaker: self.breaker.map(|share| match share {
                Share::Operation => operation.own_breaker(layer.breaker()),
                Share::Named(name) => {
                    implicit::named_breaker(name, (layer.breaker(), self.layer.gives_breaker()))
                }
            }),
            limiter: self.limiter.map(|share| match share {
                Share::Operation => operation.state().own.limiter(),
                Share::Named(name) => implicit::named_limiter(name),
            }),
            scope: None,
        }
    }
}
