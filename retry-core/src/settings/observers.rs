//! The present observers; the first query reads the settings.

use std::sync::atomic::Ordering;

use super::installed;
pub(crate) use super::observer_flags::{BUDGETS, GLOBAL_BUDGET, STATS, UNUSED_VARIABLES, set};
use super::observer_flags::{UNASKED, WATCHERS};

/// Whether there is any observer.
#[inline]
pub(crate) fn any() -> bool {
    watchers() != 0
}

/// Whether one of these observers is present.
#[inline]
pub(crate) fn is(watcher: u8) -> bool {
    watchers() & watcher != 0
}

#[inline]
fn watchers() -> u8 {
    let watchers = WATCHERS.load(Ordering::Relaxed);
    if watchers & UNASKED == 0 {
        watchers
    } else {
        ask()
    }
}

#[cold]
fn ask() -> u8 {
    // Cleared before the settings are read: reading may log, and so come back here.
    WATCHERS.fetch_and(!UNASKED, Ordering::Relaxed);
    installed::current();
    WATCHERS.load(Ordering::Relaxed)
}
