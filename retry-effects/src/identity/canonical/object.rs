//! Objects: entries are written in arrival order, and sorted when the object is complete.

use std::cmp::Ordering;

use serde::ser::{Error as _, Serialize, SerializeMap, SerializeStructVariant};

use super::entry::Entry;
use super::key_serializer::KeySerializer;
use super::path::PathStep;
use super::text::Name;
use super::writer::Writer;
use super::{text, writer};
use crate::identity::error::ActionIdError;

/// An object being written, alone or as the data of an enum's variant.
pub(super) struct Object<'a> {
    writer: &'a mut Writer,
    variant: Option<Name>,
    /// Index of its first entry in the writer's entries; all later ones are its own.
    first: usize,
    sorted: bool,
    /// Whether a key was written whose value is still missing, or failed.
    key_open: bool,
}

impl<'a> Object<'a> {
    pub(super) fn open(
        writer: &'a mut Writer,
        variant: Option<Name>,
    ) -> Result<Self, ActionIdError> {
        if let Some(variant) = variant {
            writer.open_variant(variant)?;
        }
        writer
            .open(b'{')
            .map_err(|error| PathStep::out_of(variant, error))?;
        let first = writer.entries.len();
        Ok(Self {
            writer,
            variant,
            first,
            sorted: true,
            key_open: false,
        })
    }

    /// Writes an entry whose key is a string by its type.
    pub(super) fn field(
        &mut self,
        key: Name,
        value: &(impl Serialize + ?Sized),
    ) -> Result<(), ActionIdError> {
        let start = self.start_entry()?;
        let escaped = text::write(&mut self.writer.out, key);
        self.end_key(start, escaped)?;
        self.value(value)
    }

    pub(super) fn close(mut self) -> Result<(), ActionIdError> {
        if self.key_open {
            return Err(ActionIdError::custom(
                "it ended before its last entry was complete",
            ));
        }
        if !self.sorted {
            self.sort()?;
        }
        self.writer.entries.truncate(self.first);
        self.writer.close(b'}');
        if self.variant.is_some() {
            self.writer.close(b'}');
        }
        Ok(())
    }

    fn start_entry(&mut self) -> Result<usize, ActionIdError> {
        if self.key_open {
            return Err(ActionIdError::custom(
                "it began an entry before the last one was complete",
            ));
        }
        if self.writer.entries.len() > self.first {
            self.writer.out.push(b',');
        }
        Ok(self.writer.out.len())
    }

    fn end_key(&mut self, start: usize, escaped: bool) -> Result<(), ActionIdError> {
        let Writer { out, entries, .. } = &mut *self.writer;
        let entry = Entry {
            start,
            key_end: out.len(),
            end: 0,
            escaped,
        };
        out.push(b':');
        let order = match entries[self.first..].last() {
            Some(previous) => previous.compare(&entry, out),
            None => Ordering::Less,
        };
        if order.is_eq() {
            return Err(self.duplicate(&entry));
        }
        self.sorted &= order.is_lt();
        entries.push(entry);
        self.key_open = true;
        Ok(())
    }

    fn value(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), ActionIdError> {
        let position = self.writer.entries.len() - 1;
        let result = self.writer.value(value);
        let Writer { out, entries, .. } = &mut *self.writer;
        // This entry may not be the last one: an object that failed leaves its entries in the
        // buffer.
        let entry = &mut entries[position];
        if let Err(error) = result {
            return Err(PathStep::out_of(
                self.variant,
                error.within(PathStep::entry(entry.key(out))),
            ));
        }
        entry.end = out.len();
        self.key_open = false;
        Ok(())
    }

    /// Sorts the entries.
    fn sort(&mut self) -> Result<(), ActionIdError> {
        let Writer { out, entries, .. } = &mut *self.writer;
        let start = entries[self.first].start;
        let entries = &mut entries[self.first..];
        entries.sort_unstable_by(|left, right| left.compare(right, out));
        if let Some(pair) = entries
            .windows(2)
            .find(|pair| pair[0].compare(&pair[1], out).is_eq())
        {
            let entry = pair[0].clone();
            return Err(self.duplicate(&entry));
        }
        let parts = entries.iter().map(|entry| entry.start..entry.end);
        writer::rearrange(out, start, parts);
        Ok(())
    }

    #[cold]
    fn duplicate(&self, entry: &Entry) -> ActionIdError {
        let key = String::from_utf8_lossy(entry.key(&self.writer.out)).into_owned();
        let error = ActionIdError::DuplicateKey {
            path: String::new(),
            key,
        };
        PathStep::out_of(self.variant, error)
    }
}

impl SerializeMap for Object<'_> {
    type Ok = ();
    type Error = ActionIdError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), ActionIdError> {
        let start = self.start_entry()?;
        let escaped = key.serialize(KeySerializer(self.writer))?;
        self.end_key(start, escaped)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ActionIdError> {
        if !self.key_open {
            return Err(ActionIdError::custom("it gave a value without a key"));
        }
        self.value(value)
    }

    fn end(self) -> Result<(), ActionIdError> {
        self.close()
    }
}

impl SerializeStructVariant for Object<'_> {
    type Ok = ();
    type Error = ActionIdError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: Name,
        value: &T,
    ) -> Result<(), ActionIdError> {
        self.field(key, value)
    }

    fn end(self) -> Result<(), ActionIdError> {
        self.close()
    }
}
