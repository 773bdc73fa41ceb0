//! The flags of what observes calls (statistics, metrics, budgets, gates), as one atomic byte: one load
//! states whether a success of a first attempt must be reported.

use std::sync::atomic::{AtomicU8, Ordering};

/// The settings are not read yet: the first query reads them, once.
pub(super) const SETTINGS_UNREAD: u8 = 1 << 7;
/// `stats()` counts.
pub(crate) const STATS: u8 = 1;
/// Budgets that settings switch on.
pub(crate) const BUDGETS_OF_SETTINGS: u8 = 1 << 1;
/// The global budget that code installed.
pub(crate) const GLOBAL_BUDGET: u8 = 1 << 3;
/// Budgets that calls get without a request of their own.
pub(crate) const BUDGETS: u8 = BUDGETS_OF_SETTINGS | GLOBAL_BUDGET;
/// Variables of operations that have not run yet: an operation's first run makes its name known.
pub(crate) const UNUSED_VARIABLES: u8 = 1 << 4;
/// Gates: they observe failures only.
pub(crate) const GATES: u8 = 1 << 5;
/// The metrics facade counts.
pub(crate) const METRICS: u8 = 1 << 2;

/// The observers before the settings are read.
const AT_FIRST: u8 = if cfg!(feature = "metrics") {
    SETTINGS_UNREAD | METRICS
} else {
    SETTINGS_UNREAD
};

pub(super) static OBSERVERS: AtomicU8 = AtomicU8::new(AT_FIRST);

/// Adds or removes an observer, from the next call on.
pub(crate) fn set(watcher: u8, wants: bool) {
    // `SETTINGS_UNREAD` stays: an observer added before the settings are read must not prevent their
    // reading.
    if wants {
        OBSERVERS.fetch_or(watcher, Ordering::Relaxed);
    } else {
        OBSERVERS.fetch_and(!watcher, Ordering::Relaxed);
    }
}
