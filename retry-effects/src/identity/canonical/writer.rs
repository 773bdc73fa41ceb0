//! The output buffer and its limits.

use std::any::type_name;
use std::cell::Cell;
use std::fmt::{Display, Write as _};
use std::ops::Range;

use serde::ser::{Error as _, Serialize};

use super::entry::Entry;
use super::text;
use super::text::Name;
use crate::identity::error::ActionIdError;

/// Maximum nesting of objects and lists, as in `serde_json`'s parser; Python gives up near 1000.
const MAX_LEVELS: usize = 128;

/// Maximum number of `Some` and newtype layers around the values on one path. They leave no trace in
/// the text but use stack, and nothing else bounds a list linked by them.
const MAX_LAYERS: usize = 4 * MAX_LEVELS;

/// Writes one value; unusable after an error.
pub(super) struct Writer {
    pub(super) out: Vec<u8>,
    /// The entries of all open objects, the innermost last.
    pub(super) entries: Vec<Entry>,
    /// The name of the type being written, or of the iterator over it.
    pub(super) of: &'static str,
    levels: usize,
    layers: usize,
}

impl Writer {
    pub(super) fn new() -> Self {
        let mut out = OUT.try_with(Cell::take).unwrap_or_default();
        let mut entries = ENTRIES.try_with(Cell::take).unwrap_or_default();
        // Large enough for a usual action: no growth while writing.
        out.reserve(256);
        entries.reserve(8);
        Self {
            out,
            entries,
            of: "",
            levels: 0,
            layers: 0,
        }
    }

    /// Returns the text.
    pub(super) fn finish(self) -> Vec<u8> {
        let mut entries = self.entries;
        entries.clear();
        if entries.capacity() <= KEPT_ENTRIES {
            let _ = ENTRIES.try_with(|last| last.set(entries));
        }
        self.out
    }

    /// Writes a value. All values pass through here, except one that serializes itself as another.
    pub(super) fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ActionIdError> {
        self.of = type_name::<T>();
        value.serialize(self)
    }

    /// Opens an object or a list.
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

    /// Opens the object with one key that represents an enum's variant with data.
    pub(super) fn open_variant(&mut self, variant: Name) -> Result<(), ActionIdError> {
        self.open(b'{')?;
        text::write(&mut self.out, variant);
        self.out.push(b':');
        Ok(())
    }

    /// Enters a `Some` or a newtype.
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

thread_local! {
    /// The buffers of the last action written on this thread, for the next one.
    static OUT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    static ENTRIES: Cell<Vec<Entry>> = const { Cell::new(Vec::new()) };
}

/// Larger buffers are not kept.
const KEPT: usize = 4096;
const KEPT_ENTRIES: usize = 128;

/// Gives the buffer of a written text back, once it has been read.
pub(super) fn give_back(mut out: Vec<u8>) {
    out.clear();
    if out.capacity() <= KEPT {
        // Nothing keeps it while the thread ends.
        let _ = OUT.try_with(|last| last.set(out));
    }
}

/// Sorts the parts of an object or a list, which begins at `start`, into the given order: appends them
/// in that order, then overwrites the original.
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
