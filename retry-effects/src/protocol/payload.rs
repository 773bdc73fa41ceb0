//! [`Payload`]: a recorded result or error, with the version of its form.

use std::sync::Arc;

/// The version of the form that results are written in: bare JSON.
pub const FORMAT: u32 = 1;

/// The newest version that is read here, and that results are written in which JSON would not bring
/// back (`Some(())`, NaN, a map by pairs): a notation of this crate's own, which no reader of JSON takes.
pub const NEWEST_FORMAT: u32 = 2;

/// A recorded result, or a recorded error: a text with the version of its form.
///
/// It is never printed: `Debug` shows its length.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload {
    format: u32,
    json: Arc<str>,
}

impl Payload {
    /// Bare JSON.
    #[must_use]
    pub fn new(json: impl Into<Arc<str>>) -> Self {
        Self::with_format(FORMAT, json)
    }

    /// A text in the form of a version, as a store read it.
    #[must_use]
    pub fn with_format(format: u32, json: impl Into<Arc<str>>) -> Self {
        Self {
            format,
            json: json.into(),
        }
    }

    /// The version of its form.
    #[must_use]
    pub const fn format(&self) -> u32 {
        self.format
    }

    /// Its text: JSON where the form is [`FORMAT`].
    #[must_use]
    pub fn json(&self) -> &str {
        &self.json
    }
}

impl std::fmt::Debug for Payload {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (format, length) = (self.format, self.json.len());
        write!(f, "Payload(format {format}, {length} bytes)")
    }
}
