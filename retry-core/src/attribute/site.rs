//! [`Site`]: the static part of an annotated function.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::engine::decision::CalledOperation;
use crate::engine::guards::in_force::Guards;
use crate::engine::guards::requested::RequestedGuards;
use crate::engine::hedge::Hedge;
use crate::engine::operation_state::OperationState;
use crate::operation::Operation;
use crate::policy::class::OperationClass;
use crate::policy::layer::{PolicyLayer, Resolution};
use crate::policy::nested::Nested;
use crate::policy::retry_policy::RetryPolicy;
use crate::report::event;
use crate::report::metrics::{Measured, OperationMetrics};
use crate::settings::generations::Generations;
use crate::settings::guard_layer::GuardLayer;
use crate::settings::{installed, operations};

/// An attribute's data from compile time, and the state that the function's calls share: one `static` in
/// its expansion. Constants of some size are references: the writable part of a program has few bytes for
/// each function, and those that set nothing share one constant.
#[derive(Debug)]
pub struct Site {
    pub(crate) class: OperationClass,
    pub(crate) operation: Operation,
    pub(crate) nested: Option<Nested>,
    constants: &'static PolicyLayer,
    requested: &'static RequestedGuards,
    resolved: Generations<SiteSettings>,
    state: OnceLock<&'static OperationState>,
    /// Whether an argument out of range has been reported.
    clamped: AtomicBool,
    /// Whether this operation has requested its settings, which makes its name known to them.
    is_registered: AtomicBool,
}

/// All layers merged, under one generation of settings.
#[derive(Debug)]
struct SiteSettings {
    policy: RetryPolicy,
    guards: Guards<'static>,
    layer: GuardLayer,
}

impl Site {
    /// Makes the site of the function `name`, with the attribute's constant arguments.
    #[must_use]
    pub const fn new(
        class: OperationClass,
        name: &'static str,
        constants: &'static PolicyLayer,
        nested: Option<Nested>,
    ) -> Self {
        Self {
            class,
            operation: Operation::annotated(class, name),
            nested,
            constants,
            requested: &RequestedGuards::NONE,
            resolved: Generations::new(),
            state: OnceLock::new(),
            clamped: AtomicBool::new(false),
            is_registered: AtomicBool::new(false),
        }
    }

    /// Adds guards.
    ///
    /// # Panics
    ///
    /// If one of their numbers is out of its range; in a `static`, that is a compile error.
    #[must_use]
    pub const fn guarded(mut self, requested: &'static RequestedGuards) -> Self {
        requested.layer.check();
        self.requested = requested;
        self
    }

    /// Returns the operation's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.operation.name()
    }

    /// Returns the guards of a call that begins now, except those that it shares with no other
    /// call.
    #[must_use]
    #[inline]
    pub fn guards(&self) -> &Guards<'static> {
        &self.resolved().guards
    }

    /// Returns the operator's time budget, else that of `time_budget = ..`.
    #[must_use]
    pub fn time_budget(&self, argument: Duration) -> Duration {
        let layer = &self.resolved().layer;
        layer.time_budget.unwrap_or(argument)
    }

    /// Returns the hedge of `hedge(after = .., max = ..)`, with the operator's `after` if one is
    /// set.
    #[must_use]
    pub fn hedge(&self, argument: Duration, max: u32) -> Hedge {
        let layer = &self.resolved().layer;
        Hedge::clamped(layer.hedge_after.unwrap_or(argument), max, |error, used| {
            // Reported by the first call only: an expression is out of range in every call.
            if !self.clamped.swap(true, Ordering::Relaxed) {
                event::clamped(&self.operation, error, used);
            }
        })
    }

    /// Returns the policy under the settings in force, for a site whose arguments are all constant.
    #[inline]
    pub(crate) fn policy(&self) -> &RetryPolicy {
        &self.resolved().policy
    }

    #[inline]
    fn resolved(&self) -> &SiteSettings {
        let make = || {
            let resolution = self.resolution(&PolicyLayer::NONE);
            let policy = resolution.policy;
            let layer =
                installed::current().guards_over(self.class, self.name(), self.requested.layer);
            let resolved = SiteSettings {
                policy,
                guards: self.requested.guards(&self.operation, &layer),
                layer,
            };
            (resolved, resolution)
        };
        self.resolved
            .get(make, |resolution| self.announce(resolution))
    }

    /// Returns the policy with arguments that were evaluated for one call, over the constant ones.
    pub(crate) fn policy_with(&self, evaluated: &PolicyLayer) -> RetryPolicy {
        let resolution = self.resolution(evaluated);
        self.announce(&resolution);
        resolution.policy
    }

    fn announce(&self, resolution: &Resolution) {
        if event::is_enabled() {
            event::resolved(&self.operation, resolution);
        }
    }

    fn resolution(&self, evaluated: &PolicyLayer) -> Resolution {
        self.register();
        let mut out_of_range = false;
        // Reported by the first call only: an expression is out of range in every call.
        let reported = self.clamped.load(Ordering::Relaxed);
        let arguments = self.constants.and(evaluated).clamped(&mut |error, used| {
            out_of_range = true;
            if !reported {
                event::clamped(&self.operation, error, used);
            }
        });
        if out_of_range {
            self.clamped.store(true, Ordering::Relaxed);
        }
        installed::current().resolve(self.class, self.name(), &arguments)
    }
}

impl Measured for Site {
    #[inline]
    fn operation(&self) -> &Operation {
        &self.operation
    }

    #[inline]
    fn metrics(&self) -> &'static OperationMetrics {
        &self.state().metrics
    }
}

impl CalledOperation for Site {
    #[inline]
    fn state(&self) -> &'static OperationState {
        match self.state.get() {
            Some(state) => state,
            None => self.state.get_or_init(|| self.operation.look_up()),
        }
    }

    #[inline]
    fn register(&self) {
        if !self.is_registered.load(Ordering::Relaxed) {
            self.is_registered.store(true, Ordering::Relaxed);
            operations::register(self.name(), self.requested.tuned());
        }
    }
}
