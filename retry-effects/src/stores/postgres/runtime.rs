//! The thread that serves all Postgres stores of this process, for callers without a runtime that can.
//!
//! A thread of its own, so that a caller's blocked runtime keeps its leases, and sync functions
//! need no runtime. It never ends: a connection that a user's pool has opened on it outlives the
//! store that requested it.

use std::sync::{Mutex, OnceLock, PoisonError};

use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use crate::protocol::store_error::StoreError;

/// Returns the handle of the thread, and starts the thread if there is none. If that fails, the next
/// call tries again: a process that is out of threads or files may have some later.
pub(super) fn home() -> Result<&'static Handle, StoreError> {
    static HOME: OnceLock<Handle> = OnceLock::new();
    static STARTING: Mutex<()> = Mutex::new(());
    if let Some(home) = HOME.get() {
        return Ok(home);
    }
    let _alone = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(home) = HOME.get() {
        return Ok(home);
    }
    let started = start().map_err(|error| StoreError::unavailable("start its thread", error))?;
    Ok(HOME.get_or_init(|| started))
}

fn start() -> std::io::Result<Handle> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let handle = runtime.handle().clone();
    std::thread::Builder::new()
        .name("effects-postgres".into())
        .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
    Ok(handle)
}

/// Runs `work` there; its answer can be awaited anywhere.
pub(super) fn at_home<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> impl Future<Output = Result<T, StoreError>> + Send + 'static {
    let begun = begin(work);
    async move { begun?.await.unwrap_or_else(|_| Err(gone())) }
}

/// Runs `work` there, and waits for it on this thread.
pub(super) fn wait_at_home<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    begin(work)?.blocking_recv().unwrap_or_else(|_| Err(gone()))
}

fn begin<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<oneshot::Receiver<Result<T, StoreError>>, StoreError> {
    let (sender, receiver) = oneshot::channel();
    home()?.spawn(async move { drop(sender.send(work.await)) });
    Ok(receiver)
}

/// Returns the error for an answer that will not come.
pub(super) fn gone() -> StoreError {
    StoreError::unavailable("answer", "the task that was to answer has ended")
}
