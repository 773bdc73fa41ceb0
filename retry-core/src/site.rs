//! [`Site`]: the static part of an annotated function.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::class::OperationClass;
use crate::event;
use crate::layer::{Layer, Resolution};
use crate::nesting::Nested;
use crate::operation::Operation;
use crate::policy::RetryPolicy;
use crate::settings;

/// What an attribute knows at compile time, and what the function's calls share: one `static` in
/// its expansion.
#[derive(Debug)]
pub struct Site {
    pub(crate) class: OperationClass,
    pub(crate) operation: Operation,
    pub(crate) nested: Option<Nested>,
    constants: Layer,
    resolved: OnceLock<Box<Resolved>>,
    /// Whether an argument out of range was reported.
    clamped: AtomicBool,
}

/// The site's policy under one generation of settings. Newer ones hang below, so that a policy can
/// be borrowed for as long as the program runs, without a lock.
#[derive(Debug)]
struct Resolved {
    generation: u32,
    policy: RetryPolicy,
    newer: OnceLock<Box<Self>>,
}

impl Site {
    /// The site of the function `name`, with the attribute's constant arguments.
    #[must_use]
    pub const fn new(
        class: OperationClass,
        name: &'static str,
        constants: Layer,
        nested: Option<Nested>,
    ) -> Self {
        Self {
            class,
            operation: Operation::annotated(class, name),
            nested,
            constants,
            resolved: OnceLock::new(),
            clamped: AtomicBool::new(false),
        }
    }

    /// The operation's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.operation.name()
    }

    /// The policy under the settings in force, for a site all of whose arguments are constant.
    #[inline]
    pub(crate) fn policy(&self) -> &RetryPolicy {
        let generation = settings::generation();
        match self.resolved.get() {
            Some(resolved) if resolved.generation == generation => &resolved.policy,
            _ => self.newest(generation),
        }
    }

    /// The same for a first call, or after an installation.
    #[cold]
    fn newest(&self, generation: u32) -> &RetryPolicy {
        let mut slot = &self.resolved;
        loop {
            let resolved = match slot.get() {
                Some(resolved) => resolved,
                // Made before the slot is asked for, and told of after: a subscriber that calls
                // this very function finds nothing held.
                None => {
                    let resolution = self.resolution(&Layer::NONE);
                    let fresh = Resolved {
                        generation,
                        policy: resolution.policy,
                        newer: OnceLock::new(),
                    };
                    if slot.set(Box::new(fresh)).is_ok() {
                        self.announce(&resolution);
                    }
                    continue;
                }
            };
            // Older than the settings in force; or, by a hair, newer, and then as good.
            if resolved.generation >= generation {
                return &resolved.policy;
            }
            slot = &resolved.newer;
        }
    }

    /// The policy with arguments that were evaluated for one call over the constant ones.
    pub(crate) fn policy_with(&self, evaluated: &Layer) -> RetryPolicy {
        let resolution = self.resolution(evaluated);
        self.announce(&resolution);
        resolution.policy
    }

    fn announce(&self, resolution: &Resolution) {
        if event::on() {
            event::resolved(&self.operation, resolution);
        }
    }

    fn resolution(&self, evaluated: &Layer) -> Resolution {
        let mut out_of_range = false;
        // Reported by the first call only: an expression is out of range in every one.
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
        settings::current().resolve(self.class, self.name(), &arguments)
    }
}
