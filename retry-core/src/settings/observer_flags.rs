//! Observers that must hear of first-attempt successes, as one atomic byte: one load.

use std::sync::atomic::{AtomicU8, Ordering};

/// Nobody has said yet: the settings are asked, once.
pub(super) const UNASKED: u8 = 1 << 7;
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

pub(super) static WATCHERS: AtomicU8 = AtomicU8::new(AT_FIRST);

/// From the next call on they want to know, or no longer do.
pub(crate) fn set(watcher: u8, wants: bool) {
    // Who is added before the settings were asked does not keep them from being asked.
    if wants {
        WATCHERS.fetch_or(watcher, Ordering::Relaxed);
    } else {
        WATCHERS.fetch_and(!watcher, Ordering::Relaxed);
    }
}
