//! [`FoundVariables`]: variables as found, before parsing.

use super::error::{InvalidSetting, SettingsError};

/// Variables found, and faults of reading.
#[derive(Default)]
pub(super) struct FoundVariables {
    /// `.env` first, so that the environment's value of the same name comes later and counts.
    pub(super) variables: Vec<(String, String)>,
    pub(super) unreadable: Option<SettingsError>,
    /// Lines of `.env` that are meant as settings and cannot be parsed.
    pub(super) malformed: Vec<InvalidSetting>,
    /// Numbers of the other lines that cannot be parsed.
    pub(super) skipped: Vec<usize>,
}
