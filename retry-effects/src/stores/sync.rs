//! The locks and atomics of the stores that live in this process.
//!
//! The schedule explorer (`memory/schedules.rs`) replaces them with its own, to try the orders in
//! which threads can take them.

#[cfg(not(all(test, retry_effects_shuttle)))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic};

#[cfg(all(test, retry_effects_shuttle))]
pub(crate) use shuttle::sync::{Mutex, MutexGuard, atomic};

use std::sync::PoisonError;

/// Takes the lock, also after a thread panicked while it held it: nothing in this crate leaves a
/// half-made change behind a lock.
#[inline]
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
