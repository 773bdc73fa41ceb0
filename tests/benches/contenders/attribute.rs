//! Our attribute.

use retry_core::retry_storage;

use super::dependency::{Dependency, Fault, is_transient_text};

/// No arguments: the storage class's defaults.
#[retry_storage]
pub(crate) async fn load(dependency: &Dependency) -> Result<u64, Fault> {
    dependency.fetch().await
}

#[retry_storage]
pub(crate) fn load_blocking(dependency: &Dependency) -> Result<u64, Fault> {
    dependency.fetch_blocking()
}

/// With a budget of its own, and a breaker that counts failures in a row.
#[retry_storage(budget = 0.1, circuit_breaker)]
pub(crate) async fn load_guarded(dependency: &Dependency) -> Result<u64, Fault> {
    dependency.fetch().await
}

#[retry_storage(budget = 0.1, circuit_breaker)]
pub(crate) fn load_guarded_blocking(dependency: &Dependency) -> Result<u64, Fault> {
    dependency.fetch_blocking()
}

/// Three attempts and no wait, judged by the error's own `Classify`.
#[retry_storage(max_attempts = 3, max_wait = 0, min_wait = 0)]
pub(crate) async fn load_no_wait(dependency: &Dependency) -> Result<u64, Fault> {
    dependency.fetch().await
}

#[retry_storage(max_attempts = 3, max_wait = 0, min_wait = 0)]
pub(crate) fn load_no_wait_blocking(dependency: &Dependency) -> Result<u64, Fault> {
    dependency.fetch_blocking()
}

/// The same, judged by a predicate.
#[retry_storage(max_attempts = 3, max_wait = 0, min_wait = 0, retry_if = Fault::is_transient)]
pub(crate) async fn load_if(dependency: &Dependency) -> Result<u64, Fault> {
    dependency.fetch().await
}

#[retry_storage(max_attempts = 3, max_wait = 0, min_wait = 0, retry_if = Fault::is_transient)]
pub(crate) fn load_if_blocking(dependency: &Dependency) -> Result<u64, Fault> {
    dependency.fetch_blocking()
}

/// Judged by the text of a `String`.
#[retry_storage(max_attempts = 3, max_wait = 0, min_wait = 0)]
pub(crate) async fn load_by_text(dependency: &Dependency) -> Result<u64, String> {
    dependency.read().await
}

/// The same error, judged by a predicate.
#[retry_storage(
    max_attempts = 3,
    max_wait = 0,
    min_wait = 0,
    retry_if = |error: &String| is_transient_text(error)
)]
pub(crate) async fn load_text_by_predicate(dependency: &Dependency) -> Result<u64, String> {
    dependency.read().await
}
