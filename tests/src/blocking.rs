//! Async calls in tests that are not async.

use std::future::Future;

/// Runs a future on a runtime of its own, of this thread.
///
/// # Panics
///
/// If there can be no runtime.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build();
    runtime.expect("a runtime").block_on(future)
}
