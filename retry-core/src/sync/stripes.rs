//! [`Stripes`]: a counter to which threads add without sharing a cache line.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// With sixteen stripes, two threads rarely share one.
const STRIPES: usize = 16;

/// A sum in parts: each thread adds to its own part, a reader adds up all parts.
#[derive(Debug)]
pub(crate) struct Stripes([Stripe; STRIPES]);

/// Alone on its cache line and on the neighbour that the prefetcher loads with it.
#[derive(Debug)]
#[repr(align(128))]
struct Stripe(AtomicU64);

impl Default for Stripes {
    fn default() -> Self {
        Self::new()
    }
}

impl Stripes {
    pub(crate) const fn new() -> Self {
        Self([const { Stripe(AtomicU64::new(0)) }; STRIPES])
    }

    /// Adds one.
    #[inline]
    pub(crate) fn add_one(&self) {
        self.0[stripe()].0.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns the sum of all counts that this thread can see. It never shrinks: a read that is ordered
    /// after another one (by other shared state) finds at least as much.
    pub(crate) fn sum(&self) -> u64 {
        let parts = self.0.iter();
        parts.map(|part| part.0.load(Ordering::Relaxed)).sum()
    }
}

/// Marks a thread that has no stripe yet.
const UNCHOSEN: usize = usize::MAX;

thread_local! {
    static MINE: Cell<usize> = const { Cell::new(UNCHOSEN) };
}

/// Returns this thread's stripe.
#[inline]
fn stripe() -> usize {
    match MINE.get() {
        UNCHOSEN => choose(),
        // Already in range; the remainder spares the array's bounds check and its panic.
        mine => mine % STRIPES,
    }
}

/// Assigns stripes to threads in turn.
#[cold]
fn choose() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let mine = NEXT.fetch_add(1, Ordering::Relaxed) % STRIPES;
    MINE.set(mine);
    mine
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_on_any_stripes_lose_nothing() {
        let stripes = Stripes::default();
        std::thread::scope(|scope| {
            for _ in 0..STRIPES + 1 {
                scope.spawn(|| (0..1_000).for_each(|_| stripes.add_one()));
            }
        });
        assert_eq!(stripes.sum(), 17_000);
    }

    #[test]
    fn a_thread_keeps_to_its_stripe() {
        let stripes = Stripes::default();
        (0..10).for_each(|_| stripes.add_one());
        assert_eq!(stripes.0[stripe()].0.load(Ordering::Relaxed), 10);
    }
}
