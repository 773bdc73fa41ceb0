//! How a sync call waits for what is async.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use retry_core::__private::block_for;

use crate::lease;
use crate::store::EffectStore;

/// The thread is one that must not wait for this.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CannotBlock;

/// Runs a future that waits for nothing but `store`.
pub(crate) fn run<T>(
    store: &dyn EffectStore,
    future: impl Future<Output = T>,
) -> Result<T, CannotBlock> {
    let mut future = pin!(future);
    let waker = waker();
    // The keeper's thread drives what such a store waits for; only tasks of the runtime that this
    // very thread drives would wait for ever.
    let _entered = store.needs_runtime().then(|| lease::runtime().enter());
    if !store.needs_runtime() {
        // Most answers are there at once.
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        if let Poll::Ready(answer) = polled {
            return Ok(answer);
        }
    }
    let mut answer = block_for(|| park(future.as_mut(), &waker));
    if answer.is_none() && !store.needs_runtime() {
        // Its answer comes from a thread of its own: that can be waited for anywhere.
        answer = Some(park(future, &waker));
    }
    answer.ok_or(CannotBlock)
}

fn park<T>(mut future: Pin<&mut impl Future<Output = T>>, waker: &Waker) -> T {
    let mut context = Context::from_waker(waker);
    loop {
        if let Poll::Ready(answer) = future.as_mut().poll(&mut context) {
            return answer;
        }
        thread::park();
    }
}

/// Waits for `future`, no longer than `limit`.
pub(crate) fn wait(future: impl Future<Output = ()>, limit: Duration) -> Result<(), CannotBlock> {
    let until = Instant::now() + limit;
    block_for(|| {
        let mut future = pin!(future);
        let waker = waker();
        let mut context = Context::from_waker(&waker);
        while future.as_mut().poll(&mut context).is_pending() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            thread::park_timeout(left);
        }
    })
    .ok_or(CannotBlock)
}

fn waker() -> Waker {
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
