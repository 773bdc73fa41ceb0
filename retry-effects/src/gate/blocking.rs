//! Waits of sync calls for async results.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use retry_core::__private::block_for;

use crate::gate::lease_keeper;
use crate::protocol::store::EffectStore;

/// The current thread must not wait for this.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CannotBlock;

/// The reason why a sync call cannot query its store. The store received no request.
#[derive(Debug)]
pub(crate) enum NotRun {
    CannotBlock,
    /// There is no runtime for a store that needs one.
    NoRuntime(io::Error),
}

/// Runs a future that waits only for `store`. It is pinned by the caller: a move would copy it.
pub(crate) fn run<T>(
    store: &dyn EffectStore,
    mut future: Pin<&mut impl Future<Output = T>>,
) -> Result<T, NotRun> {
    if store.needs_runtime() {
        // The keeper's thread drives the waits of such a store; only tasks of the runtime that this
        // thread itself drives would wait forever.
        let runtime = lease_keeper::runtime().map_err(NotRun::NoRuntime)?;
        let parked = block_for(|| {
            let _entered = runtime.enter();
            park(future, &waker())
        });
        return parked.ok_or(NotRun::CannotBlock);
    }
    let mut future = pin!(poll_fn(|context| {
        let _blocks = Blocks::enter();
        future.as_mut().poll(context)
    }));
    // Most answers are ready at once, and need no waker.
    let polled = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    if let Poll::Ready(answer) = polled {
        return Ok(answer);
    }
    // The others come from a thread of the store, so any thread can wait for them.
    let waker = waker();
    let parked = block_for(|| park(future.as_mut(), &waker));
    Ok(parked.unwrap_or_else(|| park(future, &waker)))
}

thread_local! {
    static BLOCKS: Cell<bool> = const { Cell::new(false) };
}

/// Whether the caller of a store's method is a sync call, whose thread waits for the answer in any case:
/// then the store may write on this thread, and no task of this thread's runtime may be needed for it.
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis", test))]
pub(crate) fn may_block() -> bool {
    BLOCKS.get()
}

/// Restores what was before: sync calls nest.
struct Blocks {
    before: bool,
}

impl Blocks {
    fn enter() -> Self {
        Self {
            before: BLOCKS.replace(true),
        }
    }
}

impl Drop for Blocks {
    fn drop(&mut self) {
        BLOCKS.set(self.before);
    }
}

/// Waits for a future on this thread, with nothing but it.
pub(crate) fn park<T>(mut future: Pin<&mut impl Future<Output = T>>, waker: &Waker) -> T {
    let mut context = Context::from_waker(waker);
    loop {
        if let Poll::Ready(answer) = future.as_mut().poll(&mut context) {
            give_back();
            return answer;
        }
        thread::park();
    }
}

/// Restores a wake-up: parking takes one that may have been meant for the code that runs this thread.
/// At worst that code gets one too many.
fn give_back() {
    thread::current().unpark();
}

/// Waits for `future`, no longer than `limit`. Not for stores that need a runtime.
pub(crate) fn wait(future: impl Future<Output = ()>, limit: Duration) -> Result<(), CannotBlock> {
    // A wait too long for the clock counts as endless.
    let until = Instant::now().checked_add(limit);
    block_for(|| {
        let mut future = pin!(future);
        let waker = waker();
        let mut context = Context::from_waker(&waker);
        while future.as_mut().poll(&mut context).is_pending() {
            match until.map(|until| until.saturating_duration_since(Instant::now())) {
                Some(Duration::ZERO) => break,
                Some(left) => thread::park_timeout(left),
                None => thread::park(),
            }
        }
        give_back();
    })
    .ok_or(CannotBlock)
}

/// Returns a waker that unparks this thread.
pub(crate) fn waker() -> Waker {
    struct Unpark(Thread);

    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }

        fn wake_by_ref(self: &Arc<Self>) {
            self.0.unpark();
        }
    }

    Waker::from(Arc::new(Unpark(thread::current())))
}
