//! tokio-retry: exponential with its jitter, four retries. It sleeps on tokio's timer even for no
//! time, so it has no row without waiting.

use std::time::Duration;

use tokio_retry::Retry;
use tokio_retry::strategy::{ExponentialBackoff, jitter};

use super::dependency::{Dependency, Fault};

pub(crate) async fn load(dependency: &Dependency) -> Result<u64, Fault> {
    let strategy = ExponentialBackoff::from_millis(2)
        .factor(250)
        .max_delay(Duration::from_secs(5))
        .map(jitter)
        .take(4);
    Retry::start(strategy, || dependency.fetch()).await
}
