//! Clients of what is simulated: what they do about a failure, and how they call.

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use retry_core::{CircuitBreaker, Jitter, Nested, Retry, RetryBudget, RetryPolicy};

/// Three attempts, full jitter from 0.1 s, at most 5 s.
pub const THREE_ATTEMPTS: RetryPolicy = RetryPolicy::new(3)
    .with_exponential_backoff(true)
    .with_max_wait(Duration::from_secs(5))
    .with_min_wait(Duration::from_millis(100))
    .with_jitter(Jitter::Full);

/// The reaction of clients to a failure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conduct {
    pub(crate) policy: RetryPolicy,
    pub(crate) nested: Nested,
    pub(crate) allowance: Option<Allowance>,
    pub(crate) is_broken_off: bool,
}

/// A retry budget, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Allowance {
    /// Tokens that a first attempt earns.
    pub ratio: f64,
    /// Tokens earned each second whatever happens.
    pub floor: u32,
    /// One bucket for all clients, as where they are callers in one process; else one each.
    pub is_shared: bool,
}

impl Conduct {
    /// Retries under `policy`, and nothing else.
    #[must_use]
    pub const fn new(policy: RetryPolicy) -> Self {
        Self {
            policy,
            nested: Nested::Stop,
            allowance: None,
            is_broken_off: false,
        }
    }

    /// Sets the reaction to a call inside an attempt that gave up.
    #[must_use]
    pub const fn with_nested(mut self, nested: Nested) -> Self {
        self.nested = nested;
        self
    }

    /// Retries no more than a budget allows.
    ///
    /// A simulation panics where its ratio is none that a [`RetryBudget`] takes.
    #[must_use]
    pub const fn with_budget(mut self, allowance: Allowance) -> Self {
        self.allowance = Some(allowance);
        self
    }

    /// Stops calling for 60 s after 5 failures in a row.
    #[must_use]
    pub const fn with_breaker(mut self) -> Self {
        self.is_broken_off = true;
        self
    }
}

impl Allowance {
    fn bucket(self) -> RetryBudget {
        RetryBudget::new(self.ratio).with_floor(self.floor)
    }
}

impl Conduct {
    /// So many clients of this conduct.
    pub(crate) fn clients(&self, count: usize) -> Vec<Rc<Client>> {
        let shared = self.allowance.map(Allowance::bucket);
        let client = |_| {
            Rc::new(Client {
                policy: self.policy,
                nested: self.nested,
                budget: match self.allowance {
                    // A clone has the same bucket.
                    Some(Allowance {
                        is_shared: true, ..
                    }) => shared.clone(),
                    own => own.map(Allowance::bucket),
                },
                breaker: self.is_broken_off.then(|| CircuitBreaker::new("simulated")),
            })
        };
        (0..count).map(client).collect()
    }
}

/// One client.
#[derive(Debug)]
pub(crate) struct Client {
    policy: RetryPolicy,
    nested: Nested,
    budget: Option<RetryBudget>,
    breaker: Option<CircuitBreaker>,
}

impl Client {
    /// Makes one call, each attempt of which may take `timeout`.
    pub(crate) async fn call<F>(
        &self,
        timeout: Duration,
        attempt: impl FnMut() -> F,
    ) -> Result<(), String>
    where
        F: Future<Output = Result<(), String>>,
    {
        let call = Retry::new(self.policy).nested(self.nested).timeout(timeout);
        match (&self.budget, &self.breaker) {
            (None, None) => call.run_async(attempt).await,
            (Some(budget), None) => call.budget(budget).run_async(attempt).await,
            (None, Some(breaker)) => call.circuit_breaker(breaker).run_async(attempt).await,
            (Some(budget), Some(breaker)) => {
                let call = call.budget(budget).circuit_breaker(breaker);
                call.run_async(attempt).await
            }
        }
    }
}
