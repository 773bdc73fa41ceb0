//! Nested calls: an outer call does not multiply the attempts of an inner one that has given up.
//!
//! While an attempt runs, its thread knows how deep it stands and whether a call inside it has
//! given up: one thread-local word, saved at the attempt's start (for a future: of each poll) and
//! put back at its end. That is all a call pays that does not fail.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};

use pin_project_lite::pin_project;

use crate::doubt::{self, Marks};

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

/// Where a thread stands, in one word: [`OUTSIDE`] of any attempt, [`INSIDE`] of one, or inside of
/// one in which a call gave up; the number is then the ticket of the [`GaveUp`] that is kept aside.
/// Four bytes, because a future carries it.
type Standing = u32;

const OUTSIDE: Standing = 0;
/// Tickets are odd as well, so that this bit says whether there is an attempt around.
const INSIDE: Standing = 1;

thread_local! {
    static HERE: Cell<Standing> = const { Cell::new(OUTSIDE) };
}

/// Whether the code that asks runs inside an attempt of an enclosing call.
#[inline]
pub(crate) fn is_inside() -> bool {
    HERE.get() != OUTSIDE
}

/// Tells the enclosing attempt, if there is one, that calls inside it have given up.
pub(crate) fn give_up(gave_up: impl FnOnce() -> Vec<GaveUp>) {
    let here = HERE.get();
    if here != OUTSIDE {
        let mut all = take(here);
        all.extend(gave_up());
        // An attempt may make calls without end, and swallow what becomes of them.
        let oldest = all.len().saturating_sub(MOST_OF_ONE_ATTEMPT);
        all.drain(..oldest);
        HERE.set(if all.is_empty() { INSIDE } else { keep(all) });
    }
}

/// What an attempt leaves behind: the ticket of a call that gave up in it, or 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct Inner(Standing);

impl Inner {
    /// No inner call gave up.
    pub(crate) const NONE: Self = Self(0);

    #[inline]
    pub(crate) const fn is_none(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn take(&mut self) -> Vec<GaveUp> {
        take(std::mem::take(&mut self.0))
    }
}

/// Puts the thread's standing back when an attempt ends, by return or by panic.
struct Inside<'a> {
    outside: Standing,
    inner: &'a mut Inner,
}

/// Dropped only where an attempt panics, which is no word of what it did: forgotten otherwise, so
/// that an attempt that ends pays nothing.
struct Unwound;

impl Drop for Unwound {
    fn drop(&mut self) {
        if doubt::is_watched() {
            doubt::mark(Marks::UNKNOWN);
        }
    }
}

impl<'a> Inside<'a> {
    #[inline]
    fn enter(inner: &'a mut Inner) -> Self {
        Self {
            outside: HERE.replace(inner.0 | INSIDE),
            inner,
        }
    }
}

impl Drop for Inside<'_> {
    #[inline]
    fn drop(&mut self) {
        let standing = HERE.replace(self.outside);
        // Once it is a ticket it stays one: a plain standing is the one that it began with.
        if standing != INSIDE {
            self.inner.0 = standing;
        }
    }
}

/// Runs one attempt of a sync call.
#[inline]
pub fn attempt_sync<R>(inner: &mut Inner, attempt: impl FnOnce() -> R) -> R {
    let _inside = Inside::enter(inner);
    let unwound = Unwound;
    let outcome = attempt();
    std::mem::forget(unwound);
    outcome
}

/// One attempt of an async call.
#[inline]
pub fn attempt_async<F>(inner: &mut Inner, future: F) -> Attempt<'_, F> {
    Attempt {
        future,
        inner,
        runs: false,
    }
}

pin_project! {
    /// An attempt's future that knows, whenever it is polled, that it is one.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct Attempt<'a, F> {
        #[pin]
        future: F,
        inner: &'a mut Inner,
        // Begun, and without a word yet. A panic is not seen here, but by `Unwound`.
        runs: bool,
    }

    impl<F> PinnedDrop for Attempt<'_, F> {
        fn drop(this: Pin<&mut Self>) {
            if *this.project().runs && doubt::is_watched() {
                doubt::mark(Marks::UNKNOWN);
            }
        }
    }
}

impl<F: Future> Future for Attempt<'_, F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let _inside = Inside::enter(this.inner);
        let unwound = Unwound;
        let polled = this.future.poll(context);
        std::mem::forget(unwound);
        *this.runs = polled.is_pending();
        polled
    }
}

/// Give-ups that the enclosing attempt has not asked for, by ticket and so by age. One that is never
/// asked for (its attempt succeeded all the same, or was dropped) leaves when it is the oldest of
/// this many: no program has more in flight.
const MOST_KEPT: usize = 1 << 16;

/// The last so many calls of one attempt are remembered.
const MOST_OF_ONE_ATTEMPT: usize = 16;

static KEPT: Mutex<BTreeMap<Standing, Vec<GaveUp>>> = Mutex::new(BTreeMap::new());

fn keep(gave_up: Vec<GaveUp>) -> Standing {
    // 3, 5, 7 and so on; after two thousand million give-ups they begin again.
    static NEXT: AtomicU32 = AtomicU32::new(INSIDE);
    let ticket = NEXT.fetch_add(2, Ordering::Relaxed).wrapping_add(2);
    let ticket = if ticket == INSIDE { INSIDE + 2 } else { ticket };
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= MOST_KEPT {
        kept.pop_first();
    }
    kept.insert(ticket, gave_up);
    ticket
}

#[cold]
fn take(ticket: Standing) -> Vec<GaveUp> {
    if ticket <= INSIDE {
        return Vec::new();
    }
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.remove(&ticket).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gave_up(operation: &'static str) -> Vec<GaveUp> {
        let text = String::new();
        vec![GaveUp { operation, text }]
    }

    fn taken(mut inner: Inner) -> Vec<&'static str> {
        inner.take().iter().map(|inner| inner.operation).collect()
    }

    #[test]
    fn only_the_attempt_that_encloses_it_learns_of_a_give_up() {
        give_up(|| unreachable!("nobody would read it"));
        let (mut outer, mut inner) = (Inner::NONE, Inner::NONE);
        attempt_sync(&mut outer, || {
            assert!(is_inside());
            attempt_sync(&mut inner, || {
                give_up(|| gave_up("load"));
                give_up(|| gave_up("save"));
            });
        });
        assert_eq!(taken(inner), ["load", "save"]);
        assert_eq!(taken(outer), [""; 0]);
        assert!(!is_inside());
    }

    #[test]
    fn a_panic_leaves_the_standing_as_it_was() {
        let panicked = std::panic::catch_unwind(|| {
            attempt_sync(&mut Inner::NONE.clone(), || panic!("expected"));
        });
        assert!(panicked.is_err());
        assert!(!is_inside());
    }

    #[tokio::test]
    async fn a_future_keeps_it_between_polls_and_other_tasks_do_not_see_it() {
        let mut inner = Inner::NONE;
        attempt_async(&mut inner, async {
            give_up(|| gave_up("load"));
            tokio::task::yield_now().await;
            assert!(is_inside());
        })
        .await;
        assert_eq!(taken(inner), ["load"]);
        assert!(!is_inside());
    }

    #[test]
    fn what_nobody_asks_for_does_not_pile_up() {
        for _ in 0..2 * MOST_KEPT {
            keep(gave_up("forgotten"));
        }
        let kept = KEPT.lock().expect("no panic").len();
        assert!(kept <= MOST_KEPT, "{kept}");
        assert_eq!(take(keep(gave_up("the last"))).len(), 1);
    }
}
