//! Keys of maps: strings only.

use std::fmt::{Display, Write as _};

use serde::ser::{Error as _, Impossible, Serialize, Serializer};

use super::text;
use super::text::Name;
use super::writer::Writer;
use crate::identity::error::ActionIdError;

/// Writes a key and returns whether anything in it was escaped.
///
/// JSON's keys are strings. Python's `json.dumps` converts numbers, bools and `None` to strings, so
/// that `1` and `"1"` become one key; here they are rejected.
pub(super) struct KeySerializer<'a>(pub(super) &'a mut Writer);

impl KeySerializer<'_> {
    fn layer(self, key: &(impl Serialize + ?Sized)) -> Result<bool, ActionIdError> {
        self.0.enter_layer()?;
        let escaped = key.serialize(KeySerializer(self.0))?;
        self.0.leave_layer();
        Ok(escaped)
    }
}

impl Serializer for KeySerializer<'_> {
    type Ok = bool;
    type Error = ActionIdError;
    type SerializeSeq = Impossible<bool, ActionIdError>;
    type SerializeTuple = Impossible<bool, ActionIdError>;
    type SerializeTupleStruct = Impossible<bool, ActionIdError>;
    type SerializeTupleVariant = Impossible<bool, ActionIdError>;
    type SerializeMap = Impossible<bool, ActionIdError>;
    type SerializeStruct = Impossible<bool, ActionIdError>;
    type SerializeStructVariant = Impossible<bool, ActionIdError>;

    fn serialize_str(self, key: &str) -> Result<bool, ActionIdError> {
        Ok(text::write(&mut self.0.out, key))
    }

    fn serialize_char(self, key: char) -> Result<bool, ActionIdError> {
        self.serialize_str(key.encode_utf8(&mut [0; 4]))
    }

    fn serialize_unit_variant(
        self,
        _name: Name,
        _index: u32,
        variant: Name,
    ) -> Result<bool, ActionIdError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: Name,
        key: &T,
    ) -> Result<bool, ActionIdError> {
        self.layer(key)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, key: &T) -> Result<bool, ActionIdError> {
        self.layer(key)
    }

    fn collect_str<T: Display + ?Sized>(self, key: &T) -> Result<bool, ActionIdError> {
        let out = &mut self.0.out;
        out.push(b'"');
        let mut escaped = text::Escaped::new(out);
        write!(escaped, "{key}").map_err(ActionIdError::custom)?;
        let any = escaped.any;
        out.push(b'"');
        Ok(any)
    }

    fn serialize_bool(self, key: bool) -> Result<bool, ActionIdError> {
        refuse(key)
    }

    fn serialize_i8(self, key: i8) -> Result<bool, ActionIdError> {
        refuse(key)
    }

    fn serialize_i16(self, key: i16) -> Result<bool, ActionIdError> {
        refuse(key)
    }

    fn serialize_i32(self, key: i32) -> Result<bool, ActionIdError> {
        refuse(key)
    }

    fn serialize_i64(self, key: i64) -> Result<bool, ActionIdError> {
        refuse(key)
    }

    fn serialize_i128(self, key: i128) -> Result<bool, ActionIdError> {
        refuse(key)
    }

    fn serialize_u8(self, key: u8) -> Result<bool, ActionIdError> {
        refuse(key)
    }

    fn serialize_u16(self, key: u16) -> Result<bool, ActionIdError> {
        refuse(key)
    }

    fn serialize_u32(self, key: u32) -> Result<bool, ActionIdError> {
        refuse(key)
    }

    fn serialize_u64(self, key: u64) -> Result<bool, ActionIdError> {
        refuse(key)
    }

    fn serialize_u128(self, key: u128) -> Result<bool, ActionIdError> {
        refuse(key)
    }

    fn serialize_f32(self, key: f32) -> Result<bool, ActionIdError> {
        refuse(key)
    }

    fn serialize_f64(self, key: f64) -> Result<bool, ActionIdError> {
        refuse(key)
    }

    fn serialize_bytes(self, _key: &[u8]) -> Result<bool, ActionIdError> {
        refuse("(bytes)")
    }

    fn serialize_none(self) -> Result<bool, ActionIdError> {
        refuse("null")
    }

    fn serialize_unit(self) -> Result<bool, ActionIdError> {
        refuse("null")
    }

    fn serialize_unit_struct(self, _name: Name) -> Result<bool, ActionIdError> {
        refuse("null")
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: Name,
        _index: u32,
        variant: Name,
        _value: &T,
    ) -> Result<bool, ActionIdError> {
        refuse(format_args!("{variant} (with data)"))
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Self::SerializeSeq, ActionIdError> {
        refuse("(a list)")
    }

    fn serialize_tuple(self, _len: usize) -> Result<Self::SerializeTuple, ActionIdError> {
        refuse("(a tuple)")
    }

    fn serialize_tuple_struct(
        self,
        name: Name,
        _len: usize,
    ) -> Result<Self::SerializeTupleStruct, ActionIdError> {
        refuse(format_args!("(a struct {name})"))
    }

    fn serialize_tuple_variant(
        self,
        _name: Name,
        _index: u32,
        variant: Name,
        _len: usize,
    ) -> Result<Self::SerializeTupleVariant, ActionIdError> {
        refuse(format_args!("{variant} (with data)"))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Self::SerializeMap, ActionIdError> {
        refuse("(a map)")
    }

    fn serialize_struct(
        self,
        name: Name,
        _len: usize,
    ) -> Result<Self::SerializeStruct, ActionIdError> {
        refuse(format_args!("(a struct {name})"))
    }

    fn serialize_struct_variant(
        self,
        _name: Name,
        _index: u32,
        variant: Name,
        _len: usize,
    ) -> Result<Self::SerializeStructVariant, ActionIdError> {
        refuse(format_args!("{variant} (with data)"))
    }
}

/// `key` is the key itself, or its kind if it has no short form.
#[cold]
fn refuse<T>(key: impl Display) -> Result<T, ActionIdError> {
    Err(ActionIdError::KeyNotString {
        path: String::new(),
        key: key.to_string(),
    })
}
