//! The buffer, and the bounds of what goes into it.

use std::fmt::{Display, Write as _};

use serde::ser::{Error as _, Serialize};

use super::object::Entry;
use super::{Name, text};
use crate::ActionIdError;

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
    levels: usize,
    layers: usize,
}

impl Writer {
    pub(super) fn new() -> Self {
        // Room for a usual action: no growth while writing.
        Self {
            out: Vec::with_capacity(256),
            entries: Vec::with_capacity(8),
            levels: 0,
            layers: 0,
        }
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
        value.serialize(&mut *self)?;
        self.leave_layer();
        Ok(())
    }

    /// Writes an integer.
    pub(super) fn digits(&mut self, value: impl Display) -> Result<(), ActionIdError> {
        write!(text::Plain(&mut self.out), "{value}").map_err(ActionIdError::custom)
    }
}
