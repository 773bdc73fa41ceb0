//! retry, which is sync: exponential with its jitter, four retries; without waiting, its `NoDelay`
//! (for which the standard library's sleep makes no system call).

use retry::delay::{Exponential, NoDelay, jitter};
use retry::{OperationResult, retry};

use super::dependency::{Dependency, Fault};

pub(crate) fn load_blocking(dependency: &Dependency) -> Result<u64, Fault> {
    let delays = Exponential::from_millis_with_factor(500, 2.0)
        .map(jitter)
        .take(4);
    retry(delays, || dependency.fetch_blocking()).map_err(|failed| failed.error)
}

pub(crate) fn load_if_blocking(dependency: &Dependency) -> Result<u64, Fault> {
    retry(NoDelay.take(2), || match dependency.fetch_blocking() {
        Ok(value) => OperationResult::Ok(value),
        Err(error) if error.is_transient() => OperationResult::Retry(error),
        Err(error) => OperationResult::Err(error),
    })
    .map_err(|failed| failed.error)
}
