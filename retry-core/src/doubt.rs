//! Attempts that may have taken effect, for whoever encloses them.
//!
//! A gate around a call must know of each attempt inside whose effect is unknown, also of calls
//! that the body makes and whose errors it swallows. While a gate is about, such an attempt leaves
//! a mark on its thread; the gate takes the mark when its body gives the thread back. A process
//! without gates pays one relaxed load a failure.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, Ordering};

static WATCHED: AtomicBool = AtomicBool::new(false);

thread_local! {
    static MARKED: Cell<bool> = const { Cell::new(false) };
}

/// From now on, in this process, attempts leave marks.
#[inline]
pub fn watch_doubt() {
    if !WATCHED.load(Ordering::Relaxed) {
        WATCHED.store(true, Ordering::Relaxed);
    }
}

/// Sets this thread's mark, and says what it was.
#[inline]
#[must_use]
pub fn replace_doubt(marked: bool) -> bool {
    MARKED.replace(marked)
}

#[inline]
pub(crate) fn is_watched() -> bool {
    WATCHED.load(Ordering::Relaxed)
}

/// An attempt on this thread may have taken effect.
pub(crate) fn mark() {
    MARKED.set(true);
}
