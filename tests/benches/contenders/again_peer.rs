//! again: exponential with jitter, four retries. It waits on a timer thread of its own even for no
//! time, so it has no row without waiting.

use std::time::Duration;

use again::RetryPolicy;

use super::dependency::{Dependency, Fault};

pub(crate) async fn load(dependency: &Dependency) -> Result<u64, Fault> {
    RetryPolicy::exponential(Duration::from_millis(500))
        .with_max_delay(Duration::from_secs(5))
        .with_max_retries(4)
        .with_jitter(true)
        .retry(|| dependency.fetch())
        .await
}
