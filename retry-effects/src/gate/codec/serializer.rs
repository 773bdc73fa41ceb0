//! [`Writer`] as a serializer.

use std::fmt::Display;

use serde::ser::{Serialize, Serializer};
use serde_json::{Error, Result};

use super::compound::{Compound, CompoundKind};
use super::writer::{Name, Writer};

/// The struct names with which `serde_json` passes a number or raw JSON as a text, in one field.
pub(super) const NUMBER: Name = "$serde_json::private::Number";
pub(super) const RAW: Name = "$serde_json::private::RawValue";

/// Leaves that `serde_json` writes as this crate does.
macro_rules! as_serde_json {
    ($($method:ident($value:ty)),+ $(,)?) => {
        $(
            #[inline]
            fn $method(self, value: $value) -> Result<()> {
                self.json().$method(value)
            }
        )+
    };
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Compound<'a>;
    type SerializeTuple = Compound<'a>;
    type SerializeTupleStruct = Compound<'a>;
    type SerializeTupleVariant = Compound<'a>;
    type SerializeMap = Compound<'a>;
    type SerializeStruct = Compound<'a>;
    type SerializeStructVariant = Compound<'a>;

    as_serde_json! {
        serialize_bool(bool),
        serialize_i8(i8),
        serialize_i16(i16),
        serialize_i32(i32),
        serialize_i64(i64),
        serialize_u8(u8),
        serialize_u16(u16),
        serialize_u32(u32),
        serialize_u64(u64),
        serialize_char(char),
        serialize_str(&str),
        serialize_bytes(&[u8]),
    }

    fn serialize_i128(self, value: i128) -> Result<()> {
        self.risks.wide |= i64::try_from(value).is_err() && u64::try_from(value).is_err();
        self.json().serialize_i128(value)
    }

    fn serialize_u128(self, value: u128) -> Result<()> {
        self.risks.wide |= u64::try_from(value).is_err();
        self.json().serialize_u128(value)
    }

    fn serialize_f32(self, value: f32) -> Result<()> {
        self.f32(value)
    }

    fn serialize_f64(self, value: f64) -> Result<()> {
        self.f64(value)
    }

    #[inline]
    fn serialize_none(self) -> Result<()> {
        self.serialize_unit()
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        self.descend()?;
        let start = self.out.len();
        value.serialize(&mut *self)?;
        self.some(start);
        Ok(())
    }

    #[inline]
    fn serialize_unit(self) -> Result<()> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: Name) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: Name, _: u32, variant: Name) -> Result<()> {
        self.serialize_str(variant)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: Name, value: &T) -> Result<()> {
        self.descend()?;
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: Name,
        _: u32,
        variant: Name,
        value: &T,
    ) -> Result<()> {
        self.open_variant(variant)?;
        value.serialize(&mut *self)?;
        self.close(b'}');
        Ok(())
    }

    #[inline]
    fn serialize_seq(self, _: Option<usize>) -> Result<Compound<'a>> {
        self.open(b'[')?;
        Ok(Compound::of(self, CompoundKind::List))
    }

    fn serialize_tuple(self, len: usize) -> Result<Compound<'a>> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(self, _: Name, len: usize) -> Result<Compound<'a>> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _: Name,
        _: u32,
        variant: Name,
        _: usize,
    ) -> Result<Compound<'a>> {
        self.open_variant(variant)?;
        self.open(b'[')?;
        Ok(Compound::of(self, CompoundKind::VariantList))
    }

    #[inline]
    fn serialize_map(self, _: Option<usize>) -> Result<Compound<'a>> {
        self.open(b'{')?;
        Ok(Compound::of(self, CompoundKind::Object))
    }

    #[inline]
    fn serialize_struct(self, name: Name, _: usize) -> Result<Compound<'a>> {
        if name == NUMBER || name == RAW {
            self.risks.unread |= name == RAW;
            return Ok(Compound::of(self, CompoundKind::Verbatim));
        }
        self.serialize_map(None)
    }

    fn serialize_struct_variant(
        self,
        _: Name,
        _: u32,
        variant: Name,
        _: usize,
    ) -> Result<Compound<'a>> {
        self.open_variant(variant)?;
        self.open(b'{')?;
        Ok(Compound::of(self, CompoundKind::VariantObject))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<()> {
        self.json().collect_str(value)
    }
}
