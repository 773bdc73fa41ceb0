//! What a variable, an attribute or an operator says of guards, and what comes of all of them.

use std::time::Duration;

use crate::breaker::{BreakerConfig, Window};
use crate::budget::BudgetConfig;

/// What one layer sets of a call's guards; what it does not set shows through from below.
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

/// The fields, each or the one below.
macro_rules! either {
    ($over:expr, $below:expr, $($field:ident),*) => {
        GuardLayer { $($field: match $over.$field { None => $below.$field, set => set },)* }
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

    /// The budget that all layers together ask for.
    pub(crate) fn budget(&self) -> BudgetConfig {
        let default = BudgetConfig::DEFAULT;
        BudgetConfig {
            ratio: self.budget_ratio.unwrap_or(default.ratio),
            burst: self.budget_burst.unwrap_or(default.burst),
            floor: self.budget_floor.unwrap_or(default.floor),
        }
    }

    /// The breaker that all layers together ask for.
    pub(crate) fn breaker(&self) -> BreakerConfig {
        let default = BreakerConfig::DEFAULT;
        let window = self.window.or(default.window);
        let minimum_calls = self.minimum_calls.unwrap_or(default.minimum_calls);
        BreakerConfig {
            failure_threshold: self.failure_threshold.unwrap_or(default.failure_threshold),
            recovery_timeout: self.recovery_timeout.unwrap_or(default.recovery_timeout),
            window,
            failure_rate: self.failure_rate.unwrap_or(default.failure_rate),
            // A window that a variable made smaller could otherwise never be full enough.
            minimum_calls: match window {
                Some(Window::Calls(calls)) => minimum_calls.min(calls),
                _ => minimum_calls,
            },
            slow_call: self.slow_call.or(default.slow_call),
            slow_call_rate: self.slow_call_rate.unwrap_or(default.slow_call_rate),
            half_open_permits: self.half_open_permits.unwrap_or(default.half_open_permits),
            success_threshold: self.success_threshold.unwrap_or(default.success_threshold),
        }
    }
}
