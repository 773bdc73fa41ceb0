//! One attempt, counted on its thread: sync while it runs, async while it is polled.

use std::future::Future;
use std::mem::ManuallyDrop;
use std::pin::Pin;
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use super::thread_notes::{InnerFailures, enter, leave};
use crate::engine::unknown_effect;
use crate::engine::unknown_effect::Marks;

/// Runs one attempt of a sync call.
#[inline]
pub fn attempt_sync<R>(inner_failures: &mut InnerFailures, attempt: impl FnOnce() -> R) -> R {
    enter();
    let unwinding = Unwinding(inner_failures);
    let outcome = attempt();
    unwinding.disarm(false);
    outcome
}

/// Makes one attempt of an async call; `into_result` makes a `Result` of its output.
#[inline]
pub fn attempt_async<F: Future, R>(
    inner_failures: &mut InnerFailures,
    future: F,
    into_result: impl Fn(F::Output) -> R,
) -> CountedAttempt<'_, F, impl Fn(F::Output) -> R> {
    CountedAttempt {
        future,
        inner_failures,
        into_result,
        runs: false,
    }
}

pin_project! {
    /// An attempt's future, counted on its thread whenever it is polled.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct CountedAttempt<'a, F, A> {
        #[pin]
        future: F,
        inner_failures: &'a mut InnerFailures,
        into_result: A,
        // Whether it has begun and has no outcome yet. `Unwinding` handles a panic.
        runs: bool,
    }

    impl<F, A> PinnedDrop for CountedAttempt<'_, F, A> {
        fn drop(this: Pin<&mut Self>) {
            if *this.project().runs && unknown_effect::is_watched() {
                unknown_effect::mark(Marks::UNKNOWN);
            }
        }
    }
}

impl<F: Future, R, A: Fn(F::Output) -> R> Future for CountedAttempt<'_, F, A> {
    type Output = R;

    // Inlined by force, else a call is emitted where the executor's own code is small.
    #[inline(always)]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        enter();
        let unwinding = Unwinding(this.inner_failures);
        let polled = this.future.poll(context);
        let suspends = polled.is_pending();
        unwinding.disarm(suspends);
        *this.runs = suspends;
        polled.map(this.into_result)
    }
}

/// Dropped only if an attempt panics, which states nothing about its effect: forgotten otherwise, so
/// that an attempt that ends pays nothing.
struct Unwinding<'a>(&'a mut InnerFailures);

impl Unwinding<'_> {
    /// Records that the attempt has returned, or `suspends`.
    #[inline]
    fn disarm(self, suspends: bool) {
        let mut disarm = ManuallyDrop::new(self);
        leave(disarm.0, suspends);
    }
}

impl Drop for Unwinding<'_> {
    // Inlined, so that the reference has no address of its own.
    #[inline]
    fn drop(&mut self) {
        unwound(self.0);
    }
}

/// Records that the attempt has panicked.
#[cold]
#[inline(never)]
fn unwound(inner_failures: &mut InnerFailures) {
    if unknown_effect::is_watched() {
        unknown_effect::mark(Marks::UNKNOWN);
    }
    leave(inner_failures, false);
}
