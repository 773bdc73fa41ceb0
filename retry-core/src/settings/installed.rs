//! The settings in force for the process.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use super::observer_flags;
use super::retry_settings::RetrySettings;
use super::slot::{GENERATION, INSTALLED, present};
use super::{environment, operations, variables};
use crate::settings::error::InvalidSetting;
use crate::settings::error::SettingsError;
use crate::text::redaction::redacted;

/// Returns the settings in force. The first call without an installation reads the environment.
pub(crate) fn current() -> Arc<RetrySettings> {
    present().unwrap_or_else(|| {
        let (settings, complaints) = lenient();
        let read = Arc::new(settings);
        let mut slot = INSTALLED.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have filled the slot in between.
        let settings = slot.get_or_insert_with(|| Arc::clone(&read)).clone();
        // No lock may be held from here on: a subscriber may call an annotated function.
        drop(slot);
        if Arc::ptr_eq(&settings, &read) {
            set_observers(&settings);
            complaints.report();
            operations::check_variables();
        }
        settings
    })
}

fn install(settings: RetrySettings) {
    set_observers(&settings);
    let mut slot = INSTALLED.write().unwrap_or_else(PoisonError::into_inner);
    *slot = Some(Arc::new(settings));
    GENERATION.fetch_add(1, Ordering::Release);
    drop(slot);
    operations::check_variables();
}

impl RetrySettings {
    /// Applies these settings to the process, from the next failure of each operation on.
    ///
    /// Call it at start-up. Another installation replaces these settings; each annotated function that
    /// has failed under them keeps some 200 bytes of them, so do not install on a timer.
    pub fn install(self) {
        install(self);
    }
}

fn set_observers(settings: &RetrySettings) {
    // Settings can start statistics, and never stop what code has started.
    if settings.stats {
        observer_flags::set(observer_flags::STATS, true);
    }
    observer_flags::set(observer_flags::BUDGETS_OF_SETTINGS, settings.have_budgets());
}

/// Faults of the environment.
struct Complaints {
    unreadable: Option<SettingsError>,
    skipped: Vec<usize>,
    invalid: Vec<InvalidSetting>,
    unknown: Vec<String>,
}

/// Reads the environment without failing: a bad value is reported, and its default used.
fn lenient() -> (RetrySettings, Complaints) {
    let read = environment::read();
    let parsed = variables::parse(read.variables.into_iter().collect());
    let complaints = Complaints {
        unreadable: read.unreadable,
        skipped: read.skipped,
        invalid: read.malformed.into_iter().chain(parsed.invalid).collect(),
        unknown: parsed.unknown,
    };
    (parsed.settings, complaints)
}

impl Complaints {
    fn report(&self) {
        if let Some(error) = &self.unreadable {
            tracing::error!(target: "retry", "{error}: its settings are not used");
        }
        environment::warn_of_skipped(&self.skipped);
        variables::warn_of_unknown(&self.unknown);
        for invalid in &self.invalid {
            tracing::error!(
                target: "retry",
                variable = invalid.variable.as_str(),
                value = &*redacted(&invalid.value),
                "{invalid}: the default is used"
            );
        }
    }
}
