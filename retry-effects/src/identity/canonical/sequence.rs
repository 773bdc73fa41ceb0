//! Lists.

use std::ops::Range;

use serde::ser::{
    Error as _, Serialize, SerializeSeq, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant,
};

use super::path::PathStep;
use super::text::Name;
use super::writer::{self, Writer};
use crate::identity::error::ActionIdError;

/// A list being written, alone or as the data of an enum's variant.
pub(super) struct Sequence<'a> {
    writer: &'a mut Writer,
    variant: Option<Name>,
    count: usize,
    /// Ranges of the elements, if they must be sorted: a set yields them in any order.
    unordered: Option<Vec<Range<usize>>>,
    /// Whether an element failed: the list would not be complete.
    failed: bool,
}

impl<'a> Sequence<'a> {
    pub(super) fn open(
        writer: &'a mut Writer,
        variant: Option<Name>,
    ) -> Result<Self, ActionIdError> {
        if let Some(variant) = variant {
            writer.open_variant(variant)?;
        }
        writer
            .open(b'[')
            .map_err(|error| PathStep::out_of(variant, error))?;
        Ok(Self {
            writer,
            variant,
            count: 0,
            unordered: None,
            failed: false,
        })
    }

    /// Opens a list whose elements are sorted by their texts.
    pub(super) fn open_unordered(writer: &'a mut Writer) -> Result<Self, ActionIdError> {
        let mut list = Self::open(writer, None)?;
        list.unordered = Some(Vec::new());
        Ok(list)
    }

    fn element(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), ActionIdError> {
        if self.count > 0 {
            self.writer.out.push(b',');
        }
        let start = self.writer.out.len();
        self.writer.value(value).map_err(|error| {
            self.failed = true;
            PathStep::out_of(self.variant, error.within(format_args!("[{}]", self.count)))
        })?;
        if let Some(elements) = &mut self.unordered {
            elements.push(start..self.writer.out.len());
        }
        self.count += 1;
        Ok(())
    }

    fn close(self) -> Result<(), ActionIdError> {
        if self.failed {
            return Err(ActionIdError::custom(
                "it went on after an element had failed",
            ));
        }
        if let Some(mut elements) = self.unordered
            && let Some(first) = elements.first()
        {
            let (out, start) = (&mut self.writer.out, first.start);
            elements.sort_unstable_by(|left, right| out[left.clone()].cmp(&out[right.clone()]));
            writer::rearrange(out, start, elements.into_iter());
        }
        self.writer.close(b']');
        if self.variant.is_some() {
            self.writer.close(b'}');
        }
        Ok(())
    }
}

impl SerializeSeq for Sequence<'_> {
    type Ok = ();
    type Error = ActionIdError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ActionIdError> {
        self.element(value)
    }

    fn end(self) -> Result<(), ActionIdError> {
        self.close()
    }
}

impl SerializeTuple for Sequence<'_> {
    type Ok = ();
    type Error = ActionIdError;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ActionIdError> {
        self.element(value)
    }

    fn end(self) -> Result<(), ActionIdError> {
        self.close()
    }
}

impl SerializeTupleStruct for Sequence<'_> {
    type Ok = ();
    type Error = ActionIdError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ActionIdError> {
        self.element(value)
    }

    fn end(self) -> Result<(), ActionIdError> {
        self.close()
    }
}

impl SerializeTupleVariant for Sequence<'_> {
    type Ok = ();
    type Error = ActionIdError;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), ActionIdError> {
        self.element(value)
    }

    fn end(self) -> Result<(), ActionIdError> {
        self.close()
    }
}
