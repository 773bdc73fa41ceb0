//! backon: its exponential builder with jitter, five attempts; without waiting, its constant
//! builder with no delay and a sleeper that is ready at once, so that no timer is touched.

use std::future::{Ready, ready};
use std::time::Duration;

use backon::{BlockingRetryable, ConstantBuilder, ExponentialBuilder, Retryable};

use super::dependency::{Dependency, Fault};

const fn defaults() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(500))
        .with_max_delay(Duration::from_secs(5))
        .with_max_times(4)
        .with_jitter()
}

/// Two retries: three attempts.
pub(crate) const fn no_wait() -> ConstantBuilder {
    ConstantBuilder::new()
        .with_delay(Duration::ZERO)
        .with_max_times(2)
}

pub(crate) fn no_sleep(_: Duration) -> Ready<()> {
    ready(())
}

pub(crate) const fn no_sleep_blocking(_: Duration) {}

pub(crate) async fn load(dependency: &Dependency) -> Result<u64, Fault> {
    (|| dependency.fetch()).retry(defaults()).await
}

pub(crate) fn load_blocking(dependency: &Dependency) -> Result<u64, Fault> {
    (|| dependency.fetch_blocking()).retry(defaults()).call()
}

pub(crate) async fn load_if(dependency: &Dependency) -> Result<u64, Fault> {
    (|| dependency.fetch())
        .retry(no_wait())
        .sleep(no_sleep)
        .when(Fault::is_transient)
        .await
}

pub(crate) fn load_if_blocking(dependency: &Dependency) -> Result<u64, Fault> {
    (|| dependency.fetch_blocking())
        .retry(no_wait())
        .sleep(no_sleep_blocking)
        .when(Fault::is_transient)
        .call()
}
