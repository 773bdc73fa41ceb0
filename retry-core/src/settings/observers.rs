//! The present observers; the first query reads the settings.

use std::sync::atomic::Ordering;

use super::installed;
pub(crate) use super::observer_flags::{
    BUDGETS, GATES, GLOBAL_BUDGET, STATS, UNUSED_VARIABLES, set,
};
use super::observer_flags::{OBSERVERS, SETTINGS_UNREAD};

/// Whether anything observes successes, too.
#[inline]
pub(crate) fn any() -> bool {
    of_successes() != 0
}

/// Returns the observers of successes: 0 if there is none.
#[inline]
pub(crate) fn of_successes() -> u8 {
    let observers = OBSERVERS.load(Ordering::Relaxed) & !GATES;
    // One test where there is none: settings that are not read yet count as one.
    if observers != 0 && observers & SETTINGS_UNREAD != 0 {
        read_settings() & !GATES
    } else {
        observers
    }
}

/// Whether a gate is in use. Settings switch none on, so this never reads them: it is asked in
/// destructors, too.
#[inline]
pub(crate) fn have_gates() -> bool {
    OBSERVERS.load(Ordering::Relaxed) & GATES != 0
}

/// Whether anything may observe failures: also where the settings are not read yet.
#[inline]
pub(crate) fn of_failures() -> bool {
    OBSERVERS.load(Ordering::Relaxed) != 0
}

/// Whether one of these observers is present.
#[inline]
pub(crate) fn is(watcher: u8) -> bool {
    observers() & watcher != 0
}

#[inline]
fn observers() -> u8 {
    let observers = OBSERVERS.load(Ordering::Relaxed);
    if observers & SETTINGS_UNREAD == 0 {
        observers
    } else {
        read_settings()
    }
}

#[cold]
fn read_settings() -> u8 {
    // Cleared before the settings are read: reading may log, and so come back here.
    OBSERVERS.fetch_and(!SETTINGS_UNREAD, Ordering::Relaxed);
    installed::current();
    OBSERVERS.load(Ordering::Relaxed)
}
