//! Whether a future is polled by a task of tokio itself.
//!
//! A task that waits leaves its thread to others. What else polls a future may block its thread meanwhile:
//! another executor's `block_on` on a worker, under which no other task of that worker runs.

use std::future::poll_fn;
use std::sync::OnceLock;
use std::task::{Context, Poll};

/// The address of the table that the wakers of all tasks share.
static TABLE: OnceLock<usize> = OnceLock::new();

fn table(context: &Context<'_>) -> usize {
    std::ptr::from_ref(context.waker().vtable()).addr()
}

/// Notes what the waker of a task is like. To be awaited by a task, and by nothing in between.
pub(super) async fn note() {
    poll_fn(|context| {
        TABLE.get_or_init(|| table(context));
        Poll::Ready(())
    })
    .await;
}

/// Whether this is the context of a task; `false` as long as no task has been noted.
pub(super) fn is_of_task(context: &Context<'_>) -> bool {
    TABLE.get() == Some(&table(context))
}
