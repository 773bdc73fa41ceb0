//! The `serde` serializer: the canonical text of each kind of value.

use std::any::type_name;
use std::fmt::Display;

use serde::ser::{Serialize, SerializeSeq, Serializer};

use super::key_serializer::KeySerializer;
use super::number::Struct;
use super::object::Object;
use super::path::PathStep;
use super::sequence::Sequence;
use super::text::Name;
use super::writer::Writer;
use super::{float, text, unordered};
use crate::identity::error::ActionIdError;

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
            .map_err(|error| error.within(PathStep::variant(variant)))?;
        self.close(b'}');
        Ok(())
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Sequence<'a>, ActionIdError> {
        if unordered::is_unordered(self.of) {
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
        KeySerializer(self).collect_str(value).map(drop)
    }
}
