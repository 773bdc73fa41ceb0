//! [`Read`]: what was found, before it is parsed.

use super::error::{InvalidSetting, SettingsError};

/// What could be read.
#[derive(Default)]
pub(super) struct Read {
    /// `.env` first, so that the environment's value of the same name comes later and counts.
    pub(super) variables: Vec<(String, String)>,
    pub(super) unreadable: Option<SettingsError>,
    /// Lines of `.env` that are settings, and cannot be parsed.
    pub(super) malformed: Vec<InvalidSetting>,
    /// The numbers of the other lines that cannot be parsed.
    pub(super) skipped: Vec<usize>,
}
