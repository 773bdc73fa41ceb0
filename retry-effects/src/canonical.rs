//! The one text that stands for a content: compact JSON with sorted keys, as Python's
//! `json.dumps(.., sort_keys=True, separators=(",", ":"))` writes it.
//!
//! A serializer of our own, and not `serde_json::to_value` and a walk over the tree, because
//! `to_value` turns NaN into `null` and numbers as keys into strings without a word. It writes into
//! one buffer and sorts an object's entries there.

mod float;
mod key;
mod number;
mod object;
mod order;
mod path;
mod sequence;
mod text;
mod writer;

use std::any::type_name;
use std::fmt::Display;

use serde::ser::{Serialize, SerializeSeq, Serializer};

use crate::ActionIdError;
use key::Key;
use number::Struct;
use object::Object;
use path::Step;
use sequence::Sequence;
use writer::Writer;

/// A name that the program's source gives: a struct's, a field's, a variant's.
type Name = &'static str;

/// The text whose hash is the action's id, up to its scope.
pub(crate) fn unscoped_text(
    action_type: &str,
    payload: &(impl Serialize + ?Sized),
) -> Result<Vec<u8>, ActionIdError> {
    let mut writer = Writer::new();
    writer.out.extend_from_slice(b"{\"action_type\":");
    text::write(&mut writer.out, action_type);
    writer.out.extend_from_slice(b",\"payload\":");
    writer
        .value(payload)
        .map_err(|error| error.within("payload"))?;
    Ok(writer.out)
}

/// Ends the text with its scope.
pub(crate) fn add_scope(text: &mut Vec<u8>, scope: &str) {
    text.extend_from_slice(b",\"scope\":");
    text::write(text, scope);
    text.push(b'}');
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = ();
    type Error = ActionIdError;
    type SerializeSeq = Sequence<'a>;
    type SerializeTuple = Sequence<'a>;
    type SerializeTupleStruct = Sequence<'a>;
    type SerializeTupleVariant = Sequence<'a>;
    type SerializeMap = Object<'a>;
    type SerializeStruct = Struct<'a>;
    type SerializeStructVariant = Object<'a>;

    fn serialize_bool(self, value: bool) -> Result<(), ActionIdError> {
        self.out
            .extend_from_slice(if value { b"true" } else { b"false" });
        Ok(())
    }

    fn serialize_i8(self, value: i8) -> Result<(), ActionIdError> {
        self.digits(value)
    }

    fn serialize_i16(self, value: i16) -> Result<(), ActionIdError> {
        self.digits(value)
    }

    fn serialize_i32(self, value: i32) -> Result<(), ActionIdError> {
        self.digits(value)
    }

    fn serialize_i64(self, value: i64) -> Result<(), ActionIdError> {
        self.digits(value)
    }

    fn serialize_i128(self, value: i128) -> Result<(), ActionIdError> {
        self.digits(value)
    }

    fn serialize_u8(self, value: u8) -> Result<(), ActionIdError> {
        self.digits(value)
    }

    fn serialize_u16(self, value: u16) -> Result<(), ActionIdError> {
        self.digits(value)
    }

    fn serialize_u32(self, value: u32) -> Result<(), ActionIdError> {
        self.digits(value)
    }

    fn serialize_u64(self, value: u64) -> Result<(), ActionIdError> {
        self.digits(value)
    }

    fn serialize_u128(self, value: u128) -> Result<(), ActionIdError> {
        self.digits(value)
    }

    fn serialize_f32(self, value: f32) -> Result<(), ActionIdError> {
        float::write_f32(&mut self.out, value)
    }

    fn serialize_f64(self, value: f64) -> Result<(), ActionIdError> {
        float::write_f64(&mut self.out, value)
    }

    fn serialize_char(self, value: char) -> Result<(), ActionIdError> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), ActionIdError> {
        text::write(&mut self.out, value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), ActionIdError> {
        self.collect_seq(value)
    }

    fn serialize_none(self) -> Result<(), ActionIdError> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), ActionIdError> {
        self.layer(value)
    }

    fn serialize_unit(self) -> Result<(), ActionIdError> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _name: Name) -> Result<(), ActionIdError> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _name: Name,
        _index: u32,
        variant: Name,
    ) -> Result<(), ActionIdError> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: Name,
        value: &T,
    ) -> Result<(), ActionIdError> {
        self.layer(value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: Name,
        _index: u32,
        variant: Name,
        value: &T,
    ) -> Result<(), ActionIdError> {
        self.open_variant(variant)?;
        self.value(value)
            .map_err(|error| error.within(Step::variant(variant)))?;
        self.close(b'}');
        Ok(())
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Sequence<'a>, ActionIdError> {
        if order::is_unordered(self.of) {
            Sequence::open_unordered(self)
        } else {
            Sequence::open(self, None)
        }
    }

    fn serialize_tuple(self, _len: usize) -> Result<Sequence<'a>, ActionIdError> {
        Sequence::open(self, None)
    }

    fn serialize_tuple_struct(
        self,
        _name: Name,
        _len: usize,
    ) -> Result<Sequence<'a>, ActionIdError> {
        Sequence::open(self, None)
    }

    fn serialize_tuple_variant(
        self,
        _name: Name,
        _index: u32,
        variant: Name,
        _len: usize,
    ) -> Result<Sequence<'a>, ActionIdError> {
        Sequence::open(self, Some(variant))
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Object<'a>, ActionIdError> {
        Object::open(self, None)
    }

    fn serialize_struct(self, name: Name, _len: usize) -> Result<Struct<'a>, ActionIdError> {
        Struct::open(self, name)
    }

    fn serialize_struct_variant(
        self,
        _name: Name,
        _index: u32,
        variant: Name,
        _len: usize,
    ) -> Result<Object<'a>, ActionIdError> {
        Object::open(self, Some(variant))
    }

    fn collect_seq<I>(self, items: I) -> Result<(), ActionIdError>
    where
        I: IntoIterator<Item: Serialize>,
    {
        self.of = type_name::<I>();
        let mut sequence = self.serialize_seq(None)?;
        for item in items {
            sequence.serialize_element(&item)?;
        }
        SerializeSeq::end(sequence)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<(), ActionIdError> {
        Key(self).collect_str(value).map(drop)
    }
}
