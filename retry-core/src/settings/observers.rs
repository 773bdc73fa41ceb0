//! Who wants to know of calls that succeed at once: one byte, so that a success reads one.

use std::sync::atomic::{AtomicU8, Ordering};

use super::installed;

/// Nobody has said yet: the settings are asked, once.
const UNASKED: u8 = 1 << 7;
/// `stats()` counts.
pub(crate) const STATS: u8 = 1;
/// The budgets of settings.
pub(crate) const BUDGETS_OF_SETTINGS: u8 = 1 << 1;
/// The global budget that code installed.
pub(crate) const GLOBAL_BUDGET: u8 = 1 << 3;
/// Budgets that no call asked for itself.
pub(crate) const BUDGETS: u8 = BUDGETS_OF_SETTINGS | GLOBAL_BUDGET;
/// Variables of operations that have not run yet, which are known by name once they do.
pub(crate) const UNUSED_VARIABLES: u8 = 1 << 4;
/// The metrics facade is told.
pub(crate) const METRICS: u8 = 1 << 2;

/// Who wants to know before anybody has asked.
const AT_FIRST: u8 = if cfg!(feature = "metrics") {
    UNASKED | METRICS
} else {
    UNASKED
};

static WATCHERS: AtomicU8 = AtomicU8::new(AT_FIRST);

/// From the next call on they want to know, or no longer do.
pub(crate) fn set(watcher: u8, wants: bool) {
    // Who is added before the settings were asked does not keep them from being asked.
    if wants {
        WATCHERS.fetch_or(watcher, Ordering::Relaxed);
    } else {
        WATCHERS.fetch_and(!watcher, Ordering::Relaxed);
    }
}

/// Whether anybody wants to know.
#[inline]
pub(crate) fn any() -> bool {
    watchers() != 0
}

/// Whether one of these does.
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
    // Not unasked any more while the settings are read: that may log, and so come back here.
    WATCHERS.fetch_and(!UNASKED, Ordering::Relaxed);
    installed::current();
    WATCHERS.load(Ordering::Relaxed)
}
