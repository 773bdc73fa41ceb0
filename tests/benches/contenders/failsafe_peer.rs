//! failsafe's circuit breaker, set to what ours defaults to: five failures in a row, a minute. It
//! breaks circuits only: nothing is retried.

use std::sync::LazyLock;
use std::time::Duration;

use failsafe::backoff::{Constant, constant};
use failsafe::failure_policy::{ConsecutiveFailures, consecutive_failures};
use failsafe::{CircuitBreaker, Config, Error, StateMachine};

use super::dependency::{Dependency, Fault};

type Breaker = StateMachine<ConsecutiveFailures<Constant>, ()>;

static BREAKER: LazyLock<Breaker> = LazyLock::new(|| {
    let minute = constant(Duration::from_secs(60));
    Config::new()
        .failure_policy(consecutive_failures(5, minute))
        .build()
});

pub(crate) fn load_blocking(dependency: &Dependency) -> Result<u64, Fault> {
    BREAKER
        .call(|| dependency.fetch_blocking())
        .map_err(|error| match error {
            Error::Inner(fault) => fault,
            Error::Rejected => Fault::Rejected,
        })
}
