//! tower's retry layer, with a policy as its documentation shows one: so many attempts, a predicate,
//! no wait, and in the rows that say so its `TpsBudget` with its defaults.

use std::future::{Ready, ready};
use std::hint::black_box;
use std::sync::Arc;
use std::task::{Context, Waker};

use tower::retry::budget::{Budget, TpsBudget};
use tower::retry::{Policy, Retry};
use tower::{Service, ServiceExt, service_fn};

use super::dependency::{Dependency, Fault};
use super::executor::block_on;

#[derive(Clone)]
struct Attempts {
    retries_left: u32,
    budget: Option<Arc<TpsBudget>>,
}

impl Policy<(), u64, Fault> for Attempts {
    type Future = Ready<()>;

    fn retry(&mut self, _: &mut (), outcome: &mut Result<u64, Fault>) -> Option<Ready<()>> {
        match outcome {
            Ok(_) => {
                if let Some(budget) = &self.budget {
                    budget.deposit();
                }
                None
            }
            Err(error) => {
                let allowed = self.retries_left > 0
                    && error.is_transient()
                    && self.budget.as_ref().is_none_or(|budget| budget.withdraw());
                allowed.then(|| {
                    self.retries_left -= 1;
                    ready(())
                })
            }
        }
    }

    fn clone_request(&mut self, _: &()) -> Option<()> {
        Some(())
    }
}

/// Makes `calls` calls of one service, as a server does.
pub(crate) fn repeat(calls: u64, failures: u32, retries: u32) {
    call_all(
        Attempts {
            retries_left: retries,
            budget: None,
        },
        calls,
        failures,
    );
}

/// The same with a budget, which all threads share.
pub(crate) fn repeat_with_budget(budget: &Arc<TpsBudget>, calls: u64) {
    call_all(
        Attempts {
            retries_left: 4,
            budget: Some(Arc::clone(budget)),
        },
        calls,
        0,
    );
}

fn call_all(policy: Attempts, calls: u64, failures: u32) {
    let dependency = Dependency::new();
    let fetch = service_fn(|()| dependency.fetch());
    let mut service = Retry::new(policy, fetch);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..calls {
        dependency.fail(failures);
        let outcome = block_on(load(&mut service), &mut context);
        black_box(&outcome);
    }
}

async fn load(service: &mut impl Service<(), Response = u64, Error = Fault>) -> Result<u64, Fault> {
    service.ready().await?.call(()).await
}
