//! Errors: a payload, or a text, that gives no action id.

use std::fmt::Display;

use serde::ser;
use thiserror::Error;

/// The reason why [`compute_action_id`](crate::compute_action_id) found no id for a payload.
///
/// Each variant contains the place in the payload: `path` starts with `payload` and continues as in
/// code, `payload.order.lines[3].price`; a key that is not an identifier is in brackets,
/// `payload["unit price"]`, escaped as in JSON.
///
/// # Examples
///
/// ```
/// use retry_effects::{ActionIdError, compute_action_id};
///
/// let error = compute_action_id("set_rate", &[1.0, f64::NAN], "").unwrap_err();
/// assert!(matches!(error, ActionIdError::NotFinite { .. }));
/// assert_eq!(
///     error.to_string(),
///     "payload[1] is NaN; a float must be finite to have a JSON form"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum ActionIdError {
    /// A float is NaN or an infinity, which JSON cannot write.
    #[error("{path} is {value}; a float must be finite to have a JSON form")]
    #[non_exhaustive]
    NotFinite {
        /// Path of the float.
        path: String,
        /// The float.
        value: f64,
    },
    /// A map's key is not a string: a number, a bool, `None`, a list.
    ///
    /// Chars and unit variants of enums are strings here, as in `serde_json`.
    #[error("{path} has the key {key}; the keys of a map must be strings")]
    #[non_exhaustive]
    KeyNotString {
        /// Path of the map.
        path: String,
        /// The key, or its kind if it has no short form.
        key: String,
    },
    /// Two entries of a map, or two flattened fields, have the same key.
    #[error("{path} has the key \"{key}\" more than once; the keys of a map must differ")]
    #[non_exhaustive]
    DuplicateKey {
        /// Path of the map.
        path: String,
        /// The key, escaped as in JSON.
        key: String,
    },
    /// The payload nests too deeply to be walked safely.
    #[error("{path} nests deeper than {limit} levels; flatten the payload or hash a part of it")]
    #[non_exhaustive]
    TooDeep {
        /// Path of the first value that is too deep.
        path: String,
        /// The number of levels allowed.
        limit: usize,
    },
    /// A number kept as text (`serde_json`'s `arbitrary_precision`) is not in the form of a JSON
    /// number.
    #[error("{path} is the number text \"{text}\"; it must be written as a JSON number")]
    #[non_exhaustive]
    NotANumber {
        /// Path of the number.
        path: String,
        /// The text, escaped as in JSON.
        text: String,
    },
    /// A `serde_json::value::RawValue`, whose text has many possible spellings.
    #[error("{path} is raw JSON text; it must be a parsed value, which has one spelling only")]
    #[non_exhaustive]
    RawJson {
        /// Path of the value.
        path: String,
    },
    /// The value's own `Serialize` failed.
    #[error("{path} cannot be serialized: {message}")]
    #[non_exhaustive]
    Unserializable {
        /// Path of the value.
        path: String,
        /// The message of its `Serialize`.
        message: String,
    },
}

/// The reason why a text is not an [`ActionId`](crate::ActionId).
///
/// # Examples
///
/// ```
/// use retry_effects::{ActionId, ParseActionIdError};
///
/// let error = "59128".parse::<ActionId>().unwrap_err();
/// assert!(matches!(error, ParseActionIdError::Length { found: 5, .. }));
/// assert_eq!(
///     error.to_string(),
///     "action id has 5 digits; it must have 64 lower-case hexadecimal digits",
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParseActionIdError {
    /// Too few digits, or too many.
    #[error("action id has {found} digits; it must have 64 lower-case hexadecimal digits")]
    #[non_exhaustive]
    Length {
        /// The number of digits found.
        found: usize,
    },
    /// A character other than `0` to `9` and `a` to `f`.
    #[error(
        "action id has {found:?} at position {position}; \
         it must have 64 lower-case hexadecimal digits"
    )]
    #[non_exhaustive]
    Digit {
        /// The first such character.
        found: char,
        /// Its position, in characters from 0.
        position: usize,
    },
}

impl ActionIdError {
    /// Puts `step` before the path: each level adds itself while the error travels out of the payload.
    #[cold]
    pub(crate) fn within(mut self, step: impl Display) -> Self {
        let path = self.path_mut();
        *path = format!("{step}{path}");
        self
    }

    fn path_mut(&mut self) -> &mut String {
        match self {
            Self::NotFinite { path, .. }
            | Self::KeyNotString { path, .. }
            | Self::DuplicateKey { path, .. }
            | Self::TooDeep { path, .. }
            | Self::NotANumber { path, .. }
            | Self::RawJson { path }
            | Self::Unserializable { path, .. } => path,
        }
    }
}

impl ser::Error for ActionIdError {
    fn custom<T: Display>(message: T) -> Self {
        Self::Unserializable {
            path: String::new(),
            message: message.to_string(),
        }
    }
}
