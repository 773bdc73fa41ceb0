//! Our functions and our builder, with the policies that the other contenders get.

use retry_core::{
    CircuitBreaker, Jitter, Retry, RetryBudget, RetryPolicy, execute_with_retry,
    execute_with_retry_async,
};

use super::dependency::{Dependency, Fault, is_transient_text};

/// The defaults of a named policy: exponential, jittered.
const DEFAULTS: RetryPolicy = retry_core::ASYNC_JOB_DEFAULT;

/// Three attempts and no wait.
const NO_WAIT: RetryPolicy = RetryPolicy::new(3).with_jitter(Jitter::None);

pub(crate) async fn function(dependency: &Dependency) -> Result<u64, Fault> {
    execute_with_retry_async(|| dependency.fetch(), &DEFAULTS).await
}

pub(crate) fn function_blocking(dependency: &Dependency) -> Result<u64, Fault> {
    execute_with_retry(|| dependency.fetch_blocking(), &DEFAULTS)
}

pub(crate) async fn builder(dependency: &Dependency) -> Result<u64, Fault> {
    Retry::new(DEFAULTS)
        .name("load")
        .run_async(|| dependency.fetch())
        .await
}

pub(crate) fn builder_blocking(dependency: &Dependency) -> Result<u64, Fault> {
    Retry::new(DEFAULTS)
        .name("load")
        .run(|| dependency.fetch_blocking())
}

/// Judged by the error's own `Classify`.
pub(crate) async fn function_no_wait(dependency: &Dependency) -> Result<u64, Fault> {
    execute_with_retry_async(|| dependency.fetch(), &NO_WAIT).await
}

pub(crate) fn function_no_wait_blocking(dependency: &Dependency) -> Result<u64, Fault> {
    execute_with_retry(|| dependency.fetch_blocking(), &NO_WAIT)
}

/// Judged by a predicate.
pub(crate) async fn builder_no_wait(dependency: &Dependency) -> Result<u64, Fault> {
    Retry::new(NO_WAIT)
        .name("load")
        .retry_if(Fault::is_transient)
        .run_async(|| dependency.fetch())
        .await
}

pub(crate) fn builder_no_wait_blocking(dependency: &Dependency) -> Result<u64, Fault> {
    Retry::new(NO_WAIT)
        .name("load")
        .retry_if(Fault::is_transient)
        .run(|| dependency.fetch_blocking())
}

/// Judged by the text of a `String`.
pub(crate) async fn function_by_text(dependency: &Dependency) -> Result<u64, String> {
    execute_with_retry_async(|| dependency.read(), &NO_WAIT).await
}

/// The same error, judged by a predicate.
pub(crate) async fn builder_text_by_predicate(dependency: &Dependency) -> Result<u64, String> {
    Retry::new(NO_WAIT)
        .name("load")
        .retry_if(|error: &String| is_transient_text(error))
        .run_async(|| dependency.read())
        .await
}

static BUDGET: RetryBudget = RetryBudget::new(0.1);
static BREAKER: CircuitBreaker = CircuitBreaker::new("load");

/// With a budget, and a breaker that counts failures in a row: shared by all threads.
pub(crate) async fn builder_guarded(dependency: &Dependency) -> Result<u64, Fault> {
    Retry::new(DEFAULTS)
        .name("load")
        .budget(&BUDGET)
        .circuit_breaker(&BREAKER)
        .run_async(|| dependency.fetch())
        .await
}

pub(crate) fn builder_guarded_blocking(dependency: &Dependency) -> Result<u64, Fault> {
    Retry::new(DEFAULTS)
        .name("load")
        .budget(&BUDGET)
        .circuit_breaker(&BREAKER)
        .run(|| dependency.fetch_blocking())
}
