//! tokio-retry2: exponential with its jitter, four retries; the attempt's error is wrapped as its
//! API asks. It sleeps on tokio's timer even for no time, so it has no row without waiting.

use std::time::Duration;

use tokio_retry2::strategy::{ExponentialFactorBackoff, jitter};
use tokio_retry2::{Retry, RetryError};

use super::dependency::{Dependency, Fault};

pub(crate) async fn load(dependency: &Dependency) -> Result<u64, Fault> {
    let strategy = ExponentialFactorBackoff::from_millis(500, 2.0)
        .max_delay(Duration::from_secs(5))
        .map(jitter)
        .take(4);
    Retry::spawn(strategy, || async {
        dependency.fetch().await.map_err(RetryError::transient)
    })
    .await
}
