//! Nested calls: an outer call does not multiply the attempts of an inner one that has given up.
//!
//! While an attempt runs, its thread knows how deep it stands and whether a call inside it has
//! given up: one thread-local word, saved at the attempt's start (for a future: of each poll) and
//! put back at its end. That is all a call pays that does not fail.

use std::cell::Cell;
use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

/// What a call does when an annotated call inside its attempt has given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Nested {
    /// Stop: the inner call has used its attempts, and its error says why. The default.
    #[default]
    Stop,
    /// Try again, inner attempts and all.
    Multiply,
}

/// A call that has given up inside another's attempt.
#[derive(Debug)]
pub(crate) struct GaveUp {
    pub(crate) operation: &'static str,
    /// Its last error's text: where the outer error carries it, the outer call failed of it.
    pub(crate) text: String,
}

/// Where this thread stands: how many attempts deep, and the last call that gave up in the
/// innermost of them.
#[derive(Clone, Copy)]
struct Standing {
    depth: u32,
    gave_up: Ticket,
}

/// Stands for a [`GaveUp`] that is kept aside; 0 for none. Four bytes, because a future carries it.
type Ticket = u32;

thread_local! {
    static HERE: Cell<Standing> = const { Cell::new(Standing { depth: 0, gave_up: 0 }) };
}

/// Whether the code that asks runs inside an attempt of an enclosing call.
pub(crate) fn is_inside() -> bool {
    HERE.get().depth > 0
}

/// Tells the enclosing attempt, if there is one, that a call inside it has given up.
pub(crate) fn give_up(gave_up: impl FnOnce() -> GaveUp) {
    let here = HERE.get();
    if here.depth > 0 {
        drop(take(here.gave_up));
        HERE.set(Standing {
            gave_up: keep(gave_up()),
            ..here
        });
    }
}

/// A call that gave up inside the attempt that has just ended, taken out of where it was kept.
/// Dropping it without [`Inner::take`] forgets it.
#[derive(Debug)]
pub struct Inner(Ticket);

impl Inner {
    /// No inner call gave up.
    pub const NONE: Self = Self(0);

    pub(crate) fn take(self) -> Option<GaveUp> {
        let ticket = self.0;
        std::mem::forget(self);
        take(ticket)
    }
}

impl Drop for Inner {
    #[inline]
    fn drop(&mut self) {
        if self.0 != 0 {
            drop(take(self.0));
        }
    }
}

/// Puts the thread's standing back when an attempt ends, by return or by panic.
struct Inside {
    outside: Standing,
}

impl Inside {
    #[inline]
    fn enter(gave_up: Ticket) -> Self {
        let outside = HERE.get();
        HERE.set(Standing {
            depth: outside.depth + 1,
            gave_up,
        });
        Self { outside }
    }

    #[inline]
    fn gave_up(&self) -> Ticket {
        HERE.get().gave_up
    }
}

impl Drop for Inside {
    #[inline]
    fn drop(&mut self) {
        HERE.set(self.outside);
    }
}

/// Runs one attempt of a sync call.
#[inline]
pub fn attempt_sync<T>(attempt: impl FnOnce() -> T) -> (T, Inner) {
    let inside = Inside::enter(0);
    let outcome = attempt();
    (outcome, Inner(inside.gave_up()))
}

/// One attempt of an async call.
#[inline]
pub fn attempt_async<F>(future: F) -> Attempt<F> {
    Attempt {
        future,
        gave_up: Inner::NONE,
    }
}

pin_project! {
    /// An attempt's future that knows, whenever it is polled, that it is one.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Attempt<F> {
        #[pin]
        future: F,
        gave_up: Inner,
    }
}

impl<F: Future> Future for Attempt<F> {
    type Output = (F::Output, Inner);

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let inside = Inside::enter(this.gave_up.0);
        let poll = this.future.poll(context);
        this.gave_up.0 = inside.gave_up();
        poll.map(|outcome| (outcome, std::mem::replace(this.gave_up, Inner::NONE)))
    }
}

static KEPT: LazyLock<Mutex<HashMap<Ticket, GaveUp>>> = LazyLock::new(Mutex::default);

fn keep(gave_up: GaveUp) -> Ticket {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    loop {
        // Numbers wrap after four thousand million give-ups; one still in use is passed over.
        let ticket = NEXT.fetch_add(1, Ordering::Relaxed);
        if ticket != 0 && !kept.contains_key(&ticket) {
            kept.insert(ticket, gave_up);
            return ticket;
        }
    }
}

#[cold]
fn take(ticket: Ticket) -> Option<GaveUp> {
    if ticket == 0 {
        return None;
    }
    KEPT.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .remove(&ticket)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gave_up(operation: &'static str) -> GaveUp {
        GaveUp {
            operation,
            text: String::new(),
        }
    }

    #[test]
    fn only_the_attempt_that_encloses_it_learns_of_a_give_up() {
        give_up(|| unreachable!("nobody would read it"));
        let (((), inner), outer) = attempt_sync(|| {
            assert!(is_inside());
            attempt_sync(|| give_up(|| gave_up("load")))
        });
        assert_eq!(inner.take().map(|inner| inner.operation), Some("load"));
        assert!(outer.take().is_none());
        assert!(!is_inside());
    }

    #[test]
    fn a_panic_leaves_the_standing_as_it_was() {
        let panicked = std::panic::catch_unwind(|| attempt_sync(|| panic!("expected")));
        assert!(panicked.is_err());
        assert!(!is_inside());
    }

    #[tokio::test]
    async fn a_future_keeps_it_between_polls_and_other_tasks_do_not_see_it() {
        let ((), inner) = attempt_async(async {
            give_up(|| gave_up("load"));
            tokio::task::yield_now().await;
            assert!(is_inside());
        })
        .await;
        assert_eq!(inner.take().map(|inner| inner.operation), Some("load"));
        assert!(!is_inside());
    }

    #[tokio::test]
    async fn a_dropped_future_leaves_nothing_behind() {
        let mut attempt = Box::pin(attempt_async(async {
            give_up(|| gave_up("dropped"));
            std::future::pending::<()>().await;
        }));
        let poll = std::future::poll_fn(|context| Poll::Ready(attempt.as_mut().poll(context)));
        assert!(poll.await.is_pending());
        let ticket = attempt.gave_up.0;
        drop(attempt);
        assert!(take(ticket).is_none());
    }
}
