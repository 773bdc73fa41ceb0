//! The parts of a value, as it is written: elements, entries, fields.

use serde::ser::{self, Serialize, Serializer};
use serde_json::{Error, Result};

use super::writer::{Name, Writer};

/// The elements, entries or fields of a value being written.
#[derive(Debug)]
pub(super) struct Compound<'a> {
    writer: &'a mut Writer,
    kind: CompoundKind,
    is_first: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CompoundKind {
    List,
    /// A list in a variant's object.
    VariantList,
    Object,
    /// An object in a variant's object.
    VariantObject,
    /// JSON as a text.
    Verbatim,
}

impl<'a> Compound<'a> {
    #[inline]
    pub(super) fn of(writer: &'a mut Writer, kind: CompoundKind) -> Self {
        Self {
            writer,
            kind,
            is_first: true,
        }
    }

    #[inline]
    fn comma(&mut self) {
        if !std::mem::take(&mut self.is_first) {
            self.writer.out.push(b',');
        }
    }

    #[inline]
    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.comma();
        value.serialize(&mut *self.writer)
    }

    #[inline]
    fn field<T: Serialize + ?Sized>(&mut self, name: Name, value: &T) -> Result<()> {
        if self.kind == CompoundKind::Verbatim {
            let start = self.writer.out.len();
            value.serialize(&mut *self.writer)?;
            return self.writer.verbatim(start);
        }
        self.comma();
        self.writer.serialize_str(name)?;
        self.writer.out.push(b':');
        value.serialize(&mut *self.writer)
    }

    #[inline]
    fn close(self) -> Result<()> {
        match self.kind {
            CompoundKind::List => self.writer.close(b']'),
            CompoundKind::Object => self.writer.close(b'}'),
            CompoundKind::VariantList => {
                self.writer.close(b']');
                self.writer.close(b'}');
            }
            CompoundKind::VariantObject => {
                self.writer.close(b'}');
                self.writer.close(b'}');
            }
            CompoundKind::Verbatim => {}
        }
        Ok(())
    }
}

/// The traits of lists, which differ only in a method's name.
macro_rules! list {
    ($($part:ident, $method:ident);+ $(;)?) => {
        $(
            impl ser::$part for Compound<'_> {
                type Ok = ();
                type Error = Error;

                #[inline]
                fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
                    self.element(value)
                }

                #[inline]
                fn end(self) -> Result<()> {
                    self.close()
                }
            }
        )+
    };
}

list! {
    SerializeSeq, serialize_element;
    SerializeTuple, serialize_element;
    SerializeTupleStruct, serialize_field;
    SerializeTupleVariant, serialize_field;
}

/// The traits of values with named fields.
macro_rules! fields {
    ($($part:ident),+) => {
        $(
            impl ser::$part for Compound<'_> {
                type Ok = ();
                type Error = Error;

                #[inline]
                fn serialize_field<T: Serialize + ?Sized>(
                    &mut self,
                    name: Name,
                    value: &T,
                ) -> Result<()> {
                    self.field(name, value)
                }

                #[inline]
                fn end(self) -> Result<()> {
                    self.close()
                }
            }
        )+
    };
}

fields!(SerializeStruct, SerializeStructVariant);

impl ser::SerializeMap for Compound<'_> {
    type Ok = ();
    type Error = Error;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.comma();
        let start = self.writer.out.len();
        key.serialize(&mut *self.writer)?;
        self.writer.key(start);
        Ok(())
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.writer.out.push(b':');
        value.serialize(&mut *self.writer)
    }

    #[inline]
    fn end(self) -> Result<()> {
        self.close()
    }
}
