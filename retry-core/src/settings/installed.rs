//! The settings in force for the process.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::{RetrySettings, environment, variables};
use crate::stats;

static INSTALLED: RwLock<Option<Arc<RetrySettings>>> = RwLock::new(None);
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// Counts installations: what was resolved under an older number is resolved anew.
#[inline]
pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::Acquire)
}

/// The settings in force. The first call without an installation reads the environment.
pub(crate) fn current() -> Arc<RetrySettings> {
    let installed = INSTALLED
        .read()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    installed.unwrap_or_else(|| {
        let mut slot = INSTALLED.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been here in between.
        slot.get_or_insert_with(|| Arc::new(lenient())).clone()
    })
}

pub(super) fn install(settings: RetrySettings) {
    if settings.stats {
        stats::enable_stats();
    }
    let mut slot = INSTALLED.write().unwrap_or_else(PoisonError::into_inner);
    *slot = Some(Arc::new(settings));
    GENERATION.fetch_add(1, Ordering::Release);
}

/// Reads the environment and makes do: a bad value is logged, and its default used.
fn lenient() -> RetrySettings {
    let read = environment::read();
    if let Some(error) = read.unreadable {
        tracing::error!(target: "retry", "{error}: its settings are not used");
    }
    let parsed = variables::parse(read.variables.into_iter().collect());
    variables::warn_of_unknown(&parsed.unknown);
    for invalid in &parsed.invalid {
        tracing::error!(
            target: "retry",
            variable = invalid.variable.as_str(),
            value = invalid.value.as_str(),
            "{invalid}: the default is used"
        );
    }
    if parsed.settings.stats {
        stats::enable_stats();
    }
    parsed.settings
}
