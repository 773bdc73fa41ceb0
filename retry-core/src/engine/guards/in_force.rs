//! The guards in force around a call's attempts, so that retries make no outage worse: budget, breaker,
//! limiter and time budget.
//!
//! The order around an attempt is breaker, limiter, attempt; the budget is queried when a retry is about
//! to be admitted. A call that is [`UNGUARDED`](super::admission::UNGUARDED) has none of this in its
//! code.

use std::time::Duration;

use tokio::time::Instant;

use crate::clock;
use crate::guard::adaptive::AdaptiveLimiter;
use crate::guard::breaker::circuit_breaker::CircuitBreaker;
use crate::guard::budget::retry_budget;
use crate::guard::budget::retry_budget::RetryBudget;
use crate::guard::budget::token::Tokens;
use crate::guard::scope::{InTimeBudget, RetryScope};
use crate::operation::Operation;
use crate::report::metrics;
use crate::settings::observers;

/// The guards of one call.
#[derive(Clone, Debug, Default)]
pub struct Guards<'a> {
    pub(crate) budget: Option<&'a RetryBudget>,
    pub(crate) breaker: Option<&'a CircuitBreaker>,
    pub(crate) limiter: Option<&'a AdaptiveLimiter>,
    /// Holds the call's time budget.
    pub(crate) scope: Option<RetryScope>,
}

impl<'a> Guards<'a> {
    /// `budget = ..`
    #[must_use]
    pub const fn budget(mut self, budget: &'a RetryBudget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// `circuit_breaker = ..`
    #[must_use]
    pub const fn breaker(mut self, breaker: &'a CircuitBreaker) -> Self {
        self.breaker = Some(breaker);
        self
    }

    /// `adaptive = ..`
    #[must_use]
    pub const fn limiter(mut self, limiter: &'a AdaptiveLimiter) -> Self {
        self.limiter = Some(limiter);
        self
    }

    /// `time_budget = ..`, counted from now on.
    #[must_use]
    #[inline]
    pub fn time_budget(mut self, budget: Option<Duration>) -> Self {
        if let Some(budget) = budget {
            self.scope = Some(RetryScope::new().with_time_budget(budget));
        }
        self
    }

    /// Makes an attempt's calls run inside the call's time budget.
    #[inline]
    pub fn in_time<F>(&self, attempt: F) -> InTimeBudget<F> {
        InTimeBudget::new(self.scope.clone(), attempt)
    }

    /// Runs a sync attempt, and the calls that it makes, inside the call's time budget.
    #[inline]
    pub fn in_time_sync<R>(&self, attempt: impl FnOnce() -> R) -> R {
        match &self.scope {
            None => attempt(),
            Some(scope) => scope.run(attempt),
        }
    }

    /// Returns the time for which the breaker will still reject calls.
    pub(crate) fn rejects_for(&self, now: Instant) -> Option<Duration> {
        self.breaker?.rejects_for(now)
    }
}

/// Deposits for a first attempt in the budgets that its call did not request; `own` is the budget
/// that the call requested.
#[cold]
pub(crate) fn deposit_implicit(operation: &Operation, own_budget: Option<&RetryBudget>) {
    if own_budget.is_none()
        && let Some(budget) = operation.budget_by_settings()
    {
        budget.deposit();
    }
    // If the call's own budget is the global one, its deposit is made already.
    if let Some(global) = RetryBudget::global()
        .filter(|global| !own_budget.is_some_and(|own_budget| own_budget.is(global)))
    {
        global.deposit();
    }
}

/// Tokens for a retry, from the budgets of its operation.
pub(crate) enum Withdrawal {
    /// No budget is in force.
    Free,
    /// One token of each budget.
    Paid(Tokens),
    /// A budget has no token left.
    Refused,
}

/// Returns the budgets that hold for an operation: its own, and the global one.
pub(crate) fn budgets<'a>(
    operation: &Operation,
    own_budget: Option<&'a RetryBudget>,
) -> [Option<&'a RetryBudget>; 2] {
    let unasked = observers::is(observers::BUDGETS);
    let budget_by_settings = || unasked.then(|| operation.budget_by_settings()).flatten();
    [
        own_budget.or_else(budget_by_settings),
        RetryBudget::global(),
    ]
}

/// Returns the tokens left in these budgets: the least of them.
pub(crate) fn least_tokens(budgets: [Option<&RetryBudget>; 2]) -> Option<f64> {
    let tokens = budgets.into_iter().flatten().map(RetryBudget::tokens);
    tokens.reduce(f64::min)
}

/// Takes a token for a retry from all budgets that hold for it, or from none.
pub(crate) fn withdraw(operation: &Operation, own_budget: Option<&RetryBudget>) -> Withdrawal {
    let buckets = budgets(operation, own_budget);
    if buckets.iter().all(Option::is_none) {
        return Withdrawal::Free;
    }
    let tokens = retry_budget::take(buckets, clock::now());
    metrics::withdrew(operation, || least_tokens(buckets), tokens.is_some());
    match tokens {
        Some(tokens) => Withdrawal::Paid(tokens),
        None => Withdrawal::Refused,
    }
}

/// Gives back the tokens of a retry that the breaker then rejected.
pub(crate) fn refund(operation: &Operation, own_budget: Option<&RetryBudget>) {
    retry_budget::give_back(budgets(operation, own_budget));
}
