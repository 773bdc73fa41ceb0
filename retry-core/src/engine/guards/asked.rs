//! [`Asked`]: the guards that an attribute asks for, known when it is compiled.

use super::implicit;
use super::in_force::Guards;
use crate::operation::Operation;
use crate::settings::guard_layer::GuardLayer;

/// Which guards, shared by whom, and what their attribute says of them.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// `budget`
    pub budget: Option<Share>,
    /// `circuit_breaker`
    pub breaker: Option<Share>,
    /// `adaptive`
    pub limiter: Option<Share>,
    /// What the attribute sets.
    pub layer: GuardLayer,
}

/// Who shares a guard that no code declared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Share {
    /// All calls of the operation.
    Operation,
    /// All calls that name it.
    Named(&'static str),
}

impl Asked {
    /// An attribute that asks for no guard that others share.
    pub const NONE: Self = Self {
        budget: None,
        breaker: None,
        limiter: None,
        layer: GuardLayer::NONE,
    };

    /// The guards under `layer`, which is what all layers together say.
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
