//! [`Payload`]: a recorded result or error, with the version of its form.

use std::sync::Arc;

/// The default format of results: bare JSON.
pub const FORMAT: u32 = 1;

/// The newest format that this version reads. This version writes it for results that JSON would
/// not restore (`Some(())`, NaN, a map by pairs): a notation of this crate, which no JSON reader
/// accepts.
pub const NEWEST_FORMAT: u32 = 2;

/// The largest result that the gate records, in bytes of its text: 16 MiB. A store has ten seconds to
/// take it; whatever is larger belongs into a storage of its own, and its address into the result.
pub const MAX_PAYLOAD_LEN: usize = 16 << 20;

/// A recorded result or error: a text with the version of its form.
///
/// Its text is never printed: `Debug` shows the length.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload {
    format: u32,
    json: Arc<str>,
}

impl Payload {
    /// Returns a payload of bare JSON.
    #[must_use]
    pub fn new(json: impl Into<Arc<str>>) -> Self {
        Self::with_format(FORMAT, json)
    }

    /// Returns a payload in the given format, as a store read it.
    #[must_use]
    pub fn with_format(format: u32, json: impl Into<Arc<str>>) -> Self {
        Self {
            format,
            json: json.into(),
        }
    }

    /// Returns the version of its form.
    #[must_use]
    pub const fn format(&self) -> u32 {
        self.format
    }

    /// Returns its text: JSON if the format is [`FORMAT`].
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
