//! Guards that no code declared: one operation's own, those shared by name, and the budget of the whole
//! process.

use std::sync::{Mutex, OnceLock, PoisonError};

use crate::guard::adaptive::AdaptiveLimiter;
use crate::guard::breaker::circuit_breaker::CircuitBreaker;
use crate::guard::breaker::config::BreakerConfig;
use crate::guard::budget::limits::BudgetLimits;
use crate::guard::budget::retry_budget::RetryBudget;
use crate::operation::Operation;
use crate::report::event;
use crate::settings::generations::Generations;
use crate::settings::installed;
use crate::settings::observers;
use crate::sync::registry;
use crate::sync::registry::Registry;

/// The guards of one operation, which all its calls share. A guard whose configuration changes, by newly
/// installed settings, begins anew; the old one stays with the calls that have it.
#[derive(Debug, Default)]
pub(crate) struct OperationGuards {
    budget: Mutex<Option<(BudgetLimits, &'static RetryBudget)>>,
    limiter: OnceLock<AdaptiveLimiter>,
    /// The budget that settings alone switch on.
    by_settings: Generations<Option<&'static RetryBudget>>,
}

impl OperationGuards {
    pub(crate) fn budget(&self, config: BudgetLimits) -> &'static RetryBudget {
        let mut own = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        match *own {
            Some((known, budget)) if known == config => budget,
            _ => {
                let budget = registry::leaked(RetryBudget::with_limits(config));
                *own = Some((config, budget));
                budget
            }
        }
    }

    pub(crate) fn limiter(&self) -> &AdaptiveLimiter {
        self.limiter.get_or_init(AdaptiveLimiter::new)
    }

    fn by_settings(&self, operation: &Operation) -> Option<&'static RetryBudget> {
        let class = operation.operation_class()?;
        let make = || {
            let layer = installed::current().guards(class, operation.name());
            let budget = layer.budget_ratio.map(|_| self.budget(layer.budget()));
            (budget, ())
        };
        *self.by_settings.get(make, |()| ())
    }
}

impl Operation {
    pub(crate) fn own_breaker(&self, config: BreakerConfig) -> &'static CircuitBreaker {
        let name = self.name();
        CircuitBreaker::of_operation(self.class(), name, usable(name, config))
    }

    /// Returns the budget that settings switched on for an operation that requested none itself.
    #[cold]
    pub(crate) fn budget_by_settings(&self) -> Option<&'static RetryBudget> {
        self.state().own.by_settings(self)
    }
}

/// Returns the breaker of this name; the first request makes it with `config`.
pub(crate) fn named_breaker(
    name: &'static str,
    config: BreakerConfig,
    is_given: bool,
) -> &'static CircuitBreaker {
    CircuitBreaker::shared(name, usable(name, config), is_given)
}

/// Returns a usable configuration. Each layer is valid alone; together they may request slow calls and
/// give no window for them.
fn usable(name: &str, config: BreakerConfig) -> BreakerConfig {
    match config.validate() {
        Ok(()) => config,
        Err(error) => {
            event::unusable_circuit(name, &error);
            BreakerConfig {
                slow_call: None,
                ..config
            }
        }
    }
}

static BUDGETS: Registry<&str, (BudgetLimits, RetryBudget)> = Registry::new();

/// Returns the budget of this name; the first request makes it with `config`.
pub(crate) fn named_budget(
    name: &'static str,
    config: BudgetLimits,
    is_given: bool,
) -> &'static RetryBudget {
    let make = || registry::leaked((config, RetryBudget::with_limits(config)));
    let (known, budget) = BUDGETS.get_or_keep(name, make);
    if is_given && *known != config {
        event::other_configuration("budget", name);
    }
    budget
}

/// Returns the limiter of this name.
pub(crate) fn named_limiter(name: &'static str) -> &'static AdaptiveLimiter {
    static LIMITERS: Registry<&str, AdaptiveLimiter> = Registry::new();
    LIMITERS.get_or_keep(name, || registry::leaked(AdaptiveLimiter::new()))
}

static GLOBAL: OnceLock<RetryBudget> = OnceLock::new();

impl RetryBudget {
    /// Returns the budget that calls share by `budget = "name"`.
    ///
    /// # Errors
    ///
    /// [`UnknownBudget`], if no call has requested one of that name yet.
    pub fn find(name: &str) -> Result<&'static Self, UnknownBudget> {
        let found = BUDGETS.get(name).map(|(_, budget)| budget);
        found.ok_or_else(|| UnknownBudget {
            name: name.to_owned(),
            known: BUDGETS.all().into_iter().map(|(name, _)| name).collect(),
        })
    }

    /// Makes this the budget of the whole process: every retry of every call takes a token of it, and
    /// one of the call's own budget, if it has one.
    ///
    /// The variable `RETRY__BUDGET` does the same for a program that does not call this.
    ///
    /// # Errors
    ///
    /// This budget, if there is a global one already.
    pub fn install_global(self) -> Result<(), Self> {
        GLOBAL.set(self)?;
        observers::set(observers::GLOBAL_BUDGET, true);
        Ok(())
    }

    /// Returns the budget of the whole process, if there is one.
    #[must_use]
    pub fn global() -> Option<&'static Self> {
        static BY_SETTINGS: Generations<Option<RetryBudget>> = Generations::new();
        if !observers::is(observers::BUDGETS) {
            return None;
        }
        GLOBAL.get().or_else(|| {
            let make = || {
                let budget = installed::current().global_budget();
                (budget.map(Self::with_limits), ())
            };
            BY_SETTINGS.get(make, |()| ()).as_ref()
        })
    }
}

/// A budget that no call has requested.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown budget {name:?}; known budgets are {}",
    crate::text::display::list(known)
)]
#[non_exhaustive]
pub struct UnknownBudget {
    /// The name as given.
    pub name: String,
    /// The known names.
    pub known: Vec<&'static str>,
}
