//! Blocking sleeps: of a plain thread, of a runtime's worker, inside a scope that may be cancelled.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use tokio::runtime::{Handle, RuntimeFlavor};

use crate::guard::scope;
use crate::guard::scope::Waiter;

/// Lets the thread sleep, until a scope that it is in is cancelled. Returns whether one was.
///
/// On a worker of a multi-thread runtime the worker's other tasks move to another thread meanwhile. On
/// the thread of a current-thread runtime nothing else can run: `blocks` reports that to the user.
pub(crate) fn sleep(wait: Duration, blocks: impl FnOnce()) -> bool {
    #[cfg(feature = "testing")]
    if crate::clock::test_time::absorb_sleep(wait) {
        return scope::is_cancelled();
    }
    if wait.is_zero() {
        return scope::is_cancelled();
    }
    match thread_kind() {
        // Only a worker may call it: elsewhere, as in a `LocalSet`, it panics.
        ThreadKind::Worker => tokio::task::block_in_place(|| sleep_here(wait)),
        ThreadKind::OnlyThread => {
            blocks();
            sleep_here(wait)
        }
        ThreadKind::Free => sleep_here(wait),
    }
}

/// Runs `block`, which blocks the thread until other tasks, or other threads, have done something.
/// Returns `None`, and runs nothing, on the thread that drives a current-thread runtime: the awaited
/// work may be a task of that very thread.
pub fn block_for<T>(block: impl FnOnce() -> T) -> Option<T> {
    match thread_kind() {
        ThreadKind::Worker => Some(tokio::task::block_in_place(block)),
        ThreadKind::OnlyThread => None,
        ThreadKind::Free => Some(block()),
    }
}

enum ThreadKind {
    /// A worker of a multi-thread runtime.
    Worker,
    /// The thread that drives a current-thread runtime.
    OnlyThread,
    /// A thread that no worker's tasks depend on: outside of a runtime, in `spawn_blocking`, or in
    /// `block_on` of a multi-thread runtime.
    Free,
}

fn thread_kind() -> ThreadKind {
    let Ok(runtime) = Handle::try_current() else {
        return ThreadKind::Free;
    };
    match (runtime.runtime_flavor(), runs_tasks()) {
        (_, false) => ThreadKind::Free,
        (RuntimeFlavor::MultiThread, true) => ThreadKind::Worker,
        (_, true) => ThreadKind::OnlyThread,
    }
}

/// Returns whether a scheduler runs tasks on this thread, so that they wait while it blocks.
///
/// `tokio::runtime::worker_index` returns the same, but is stable from tokio 1.54 on, and the two LTS
/// releases before it are supported. A task that yields shows it in all of them: a scheduler keeps the
/// task's waker until its thread is free. Where there is none, tokio wakes the task before it returns,
/// because nothing would wake it later.
fn runs_tasks() -> bool {
    let woken = Arc::new(Woken(AtomicBool::new(false)));
    let waker = Waker::from(Arc::clone(&woken));
    let yielding = pin!(tokio::task::yield_now());
    let is_pending = yielding.poll(&mut Context::from_waker(&waker)).is_pending();
    is_pending && !woken.0.load(Ordering::Relaxed)
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn sleep_here(wait: Duration) -> bool {
    match scope::waiter() {
        None => {
            thread::sleep(wait);
            false
        }
        Some(waiter) => park(wait, &waiter),
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn park(wait: Duration, waiter: &Waiter) -> bool {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    // A wait too long for the clock is as good as endless.
    let end = Instant::now().checked_add(wait);
    let cancelled = loop {
        if waiter.is_cancelled(&waker) {
            break true;
        }
        match end.map(|end| end.saturating_duration_since(Instant::now())) {
            Some(Duration::ZERO) => break false,
            Some(left) => thread::park_timeout(left),
            None => thread::park(),
        }
    };
    // Parking takes a wake-up that may have been meant for the executor of this thread: it is given
    // back, and at worst is one too many.
    thread::current().unpark();
    cancelled
}
