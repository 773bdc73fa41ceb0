//! [`GuardLayer`]: guards as a variable, an attribute or an operator sets them, and all layers merged.

use std::time::Duration;

use crate::guard::breaker::config::{BreakerConfig, Window};
use crate::guard::budget::limits::BudgetLimits;

/// Guard settings of one layer; a field that is not set shows the layer below.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GuardLayer {
    /// `budget`, or its `ratio`.
    pub budget_ratio: Option<f64>,
    /// `burst` of the budget, in retries.
    pub budget_burst: Option<u32>,
    /// `floor` of the budget, in retries a second.
    pub budget_floor: Option<u32>,
    /// `failure_threshold` of the breaker.
    pub failure_threshold: Option<u32>,
    /// `recovery_timeout` of the breaker.
    pub recovery_timeout: Option<Duration>,
    /// `window` of the breaker.
    pub window: Option<Window>,
    /// `failure_rate` of the breaker.
    pub failure_rate: Option<f64>,
    /// `minimum_calls` of the breaker.
    pub minimum_calls: Option<u32>,
    /// `slow_call` of the breaker.
    pub slow_call: Option<Duration>,
    /// `slow_call_rate` of the breaker.
    pub slow_call_rate: Option<f64>,
    /// `half_open_permits` of the breaker.
    pub half_open_permits: Option<u32>,
    /// `success_threshold` of the breaker.
    pub success_threshold: Option<u32>,
    /// `time_budget`.
    pub time_budget: Option<Duration>,
    /// `after` of the hedge.
    pub hedge_after: Option<Duration>,
}

/// Each field, or the same field of the layer below.
macro_rules! either {
    ($over:expr, $below:expr, $($field:ident),*) => {
        GuardLayer { $($field: match $over.$field { None => $below.$field, set => set },)* }
    };
}

/// Replaces defaults by the fields that are set.
macro_rules! set {
    ($config:expr, $layer:expr, $($field:ident),*) => {
        $(if let Some(set) = $layer.$field { $config.$field = set; })*
    };
}

impl GuardLayer {
    /// A layer that sets nothing.
    pub const NONE: Self = Self {
        budget_ratio: None,
        budget_burst: None,
        budget_floor: None,
        failure_threshold: None,
        recovery_timeout: None,
        window: None,
        failure_rate: None,
        minimum_calls: None,
        slow_call: None,
        slow_call_rate: None,
        half_open_permits: None,
        success_threshold: None,
        time_budget: None,
        hedge_after: None,
    };

    /// Lays this over `below`.
    #[must_use]
    pub const fn over(self, below: Self) -> Self {
        either!(
            self,
            below,
            budget_ratio,
            budget_burst,
            budget_floor,
            failure_threshold,
            recovery_timeout,
            window,
            failure_rate,
            minimum_calls,
            slow_call,
            slow_call_rate,
            half_open_permits,
            success_threshold,
            time_budget,
            hedge_after
        )
    }

    /// Panics if a number is out of its range; in a constant, that is a compile error.
    pub(crate) const fn check(&self) {
        let _ = self.budget();
        if let Err(error) = self.breaker().validate() {
            panic!("{}", error.rule());
        }
        if let Some(time) = self.time_budget {
            assert!(!time.is_zero(), "time_budget must be more than 0");
        }
        if let Some(after) = self.hedge_after {
            assert!(!after.is_zero(), "after must be more than 0");
        }
    }

    /// Whether numbers of a budget are set, and not only its name.
    pub(crate) const fn gives_budget(&self) -> bool {
        self.budget_ratio.is_some() || self.budget_burst.is_some() || self.budget_floor.is_some()
    }

    /// Whether the numbers of a breaker differ from the defaults.
    pub(crate) fn gives_breaker(&self) -> bool {
        self.breaker() != BreakerConfig::DEFAULT
    }

    /// Returns the budget that all layers together request.
    ///
    /// Panics if a number is out of its range: only a constant arrives here unchecked.
    pub(crate) const fn budget(&self) -> BudgetLimits {
        let mut limits = BudgetLimits::DEFAULT;
        if let Some(ratio) = self.budget_ratio {
            limits = limits.with_ratio(ratio);
        }
        if let Some(burst) = self.budget_burst {
            limits = limits.with_burst(burst);
        }
        if let Some(floor) = self.budget_floor {
            limits = limits.with_floor(floor);
        }
        limits
    }

    /// Returns the breaker that all layers together request.
    pub(crate) const fn breaker(&self) -> BreakerConfig {
        let mut config = BreakerConfig::DEFAULT;
        set!(
            config,
            self,
            failure_threshold,
            recovery_timeout,
            failure_rate,
            minimum_calls,
            slow_call_rate,
            half_open_permits,
            success_threshold
        );
        config.window = self.window;
        config.slow_call = self.slow_call;
        config
    }
}
