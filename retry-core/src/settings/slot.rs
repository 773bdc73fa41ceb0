//! Where the settings in force are kept.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::retry_settings::RetrySettings;

pub(super) static INSTALLED: RwLock<Option<Arc<RetrySettings>>> = RwLock::new(None);

pub(super) static GENERATION: AtomicU32 = AtomicU32::new(0);

/// Counts installations: what was resolved under an older number is resolved anew.
#[inline]
pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::Acquire)
}

/// The settings in force, where anything has asked for them or installed some.
pub(super) fn present() -> Option<Arc<RetrySettings>> {
    let installed = INSTALLED.read().unwrap_or_else(PoisonError::into_inner);
    installed.clone()
}
