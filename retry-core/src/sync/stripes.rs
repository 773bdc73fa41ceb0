//! [`Stripes`]: a counter that threads add to without sharing a cache line.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// Two threads rarely share one of sixteen.
const STRIPES: usize = 16;

/// A sum in parts: a thread adds to its own, a reader adds them up.
#[derive(Debug)]
pub(crate) struct Stripes([Stripe; STRIPES]);

/// It has a cache line (and its neighbour, which the prefetcher pulls in) to itself.
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

    /// Counts one more.
    #[inline]
    pub(crate) fn add_one(&self) {
        self.0[stripe()].0.fetch_add(1, Ordering::Relaxed);
    }

    /// All that this thread knows to be counted. It never shrinks: whoever reads after another
    /// reader (in the order of what they share besides) finds at least what that one found.
    pub(crate) fn sum(&self) -> u64 {
        let parts = self.0.iter();
        parts.map(|part| part.0.load(Ordering::Relaxed)).sum()
    }
}

/// Threads that no stripe is chosen for yet.
const UNCHOSEN: usize = usize::MAX;

thread_local! {
    static MINE: Cell<usize> = const { Cell::new(UNCHOSEN) };
}

/// This thread's stripe.
#[inline]
fn stripe() -> usize {
    match MINE.get() {
        UNCHOSEN => choose(),
        // Known to be in range; saying so spares the array's own check its panic.
        mine => mine % STRIPES,
    }
}

/// Threads take turns.
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
