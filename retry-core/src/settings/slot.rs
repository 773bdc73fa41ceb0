//! The slot of the settings in force.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::retry_settings::RetrySettings;

pub(super) static INSTALLED: RwLock<Option<Arc<RetrySettings>>> = RwLock::new(None);

pub(super) static GENERATION: AtomicU32 = AtomicU32::new(0);

/// Returns the number of installations: a value resolved under an older number is resolved anew.
#[inline]
pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::Acquire)
}

/// Returns the settings in force, if any were read or installed.
pub(super) fn present() -> Option<Arc<RetrySettings>> {
    let installed = INSTALLED.read().unwrap_or_else(PoisonError::into_inner);
    installed.clone()
}
