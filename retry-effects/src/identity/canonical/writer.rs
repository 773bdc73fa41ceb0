//! The buffer, and the bounds of what goes into it.

use std::any::type_name;
use std::fmt::{Display, Write as _};
use std::ops::Range;

use serde::ser::{Error as _, Serialize};

use super::entry::Entry;
use super::text;
use super::text::Name;
use crate::identity::error::ActionIdError;

/// How many objects and lists may stand inside one another, as in `serde_json`'s parser; Python
/// gives up near 1000.
const MAX_LEVELS: usize = 128;

/// How many layers of `Some` and newtypes may stand around the values on one path. They leave no
/// mark in the text but take stack, and a list linked by them has no other bound.
const MAX_LAYERS: usize = 4 * MAX_LEVELS;

/// Writes one value; after an error it is of no further use.
pub(super) struct Writer {
    pub(super) out: Vec<u8>,
    /// The entries of all objects that are still open, the innermost last.
    pub(super) entries: Vec<Entry>,
    /// The name of the type that is being written, or of what it is walked through by.
    pub(super) of: &'static str,
    levels: usize,
    layers: usize,
}

impl Writer {
    pub(super) fn new() -> Self {
        // Room for a usual action: no growth while writing.
        Self {
            out: Vec::with_capacity(256),
            entries: Vec::with_capacity(8),
            of: "",
            levels: 0,
            layers: 0,
        }
    }

    /// Writes a value: all but what serializes itself as another comes through here.
    pub(super) fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ActionIdError> {
        self.of = type_name::<T>();
        value.serialize(self)
    }

    /// Begins an object or a list.
    pub(super) fn open(&mut self, bracket: u8) -> Result<(), ActionIdError> {
        if self.levels == MAX_LEVELS {
            return Err(ActionIdError::TooDeep {
                path: String::new(),
                limit: MAX_LEVELS,
            });
        }
        self.levels += 1;
        self.out.push(bracket);
        Ok(())
    }

    pub(super) fn close(&mut self, bracket: u8) {
        self.levels -= 1;
        self.out.push(bracket);
    }

    /// Opens the object of one key that stands for an enum's variant with data.
    pub(super) fn open_variant(&mut self, variant: Name) -> Result<(), ActionIdError> {
        self.open(b'{')?;
        text::write(&mut self.out, variant);
        self.out.push(b':');
        Ok(())
    }

    /// Goes inside a `Some` or a newtype.
    pub(super) fn enter_layer(&mut self) -> Result<(), ActionIdError> {
        if self.layers == MAX_LAYERS {
            return Err(ActionIdError::TooDeep {
                path: String::new(),
                limit: MAX_LAYERS,
            });
        }
        self.layers += 1;
        Ok(())
    }

    pub(super) fn leave_layer(&mut self) {
        self.layers -= 1;
    }

    /// Writes the value inside a `Some` or a newtype.
    pub(super) fn layer(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), ActionIdError> {
        self.enter_layer()?;
        self.value(value)?;
        self.leave_layer();
        Ok(())
    }

    /// Writes an integer.
    pub(super) fn digits(&mut self, value: impl Display) -> Result<(), ActionIdError> {
        write!(text::Plain(&mut self.out), "{value}").map_err(ActionIdError::custom)
    }
}

/// Puts the parts of an object or of a list, which begins at `start`, in the order given: writes them
/// behind it once more, then over it.
pub(super) fn rearrange(
    out: &mut Vec<u8>,
    start: usize,
    parts: impl Iterator<Item = Range<usize>>,
) {
    let end = out.len();
    for (position, part) in parts.enumerate() {
        if position > 0 {
            out.push(b',');
        }
        out.extend_from_within(part);
    }
    out.copy_within(end.., start);
    out.truncate(end);
}
