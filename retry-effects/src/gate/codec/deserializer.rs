//! [`Reader`] as a deserializer: the value of each text for the type that requests it.

use serde::Deserializer;
use serde::de::{IntoDeserializer, Visitor};
use serde_json::Error;

use super::entries::{Elements, Entries, Variant};
use super::reader::{Reader, Result};
use super::serializer::RAW;
use super::writer::{F32, F64, SOME, TextForm};

impl Reader<'_> {
    /// Reads the next value for a type that accepts any value: perhaps into a buffer.
    pub(super) fn any<'de, V: Visitor<'de>>(
        &mut self,
        is_key: bool,
        visitor: V,
    ) -> Result<V::Value> {
        let stack = self.stack;
        self.stack = stack.for_a_buffer();
        let value = match self.form {
            TextForm::Json => match self.number_of_many_digits() {
                Some(mut json) => json.deserialize_any(visitor),
                None => self.value(visitor),
            },
            TextForm::Notation => {
                self.misread |= self.is_misread(is_key);
                self.value(visitor)
            }
        };
        self.stack = stack;
        value
    }

    /// Reads the next value by its own form.
    pub(super) fn value<'de, V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        self.descend()?;
        match self.peek() {
            Some(b'"') => visitor.visit_string(self.string()?),
            Some(b'[') => {
                self.at += 1;
                let value = visitor.visit_seq(Elements::of(self))?;
                self.expect("]")?;
                Ok(value)
            }
            Some(b'{') => {
                self.at += 1;
                let value = visitor.visit_map(Entries::of(self))?;
                self.expect("}")?;
                Ok(value)
            }
            Some(b'-' | b'0'..=b'9') => {
                let (end, number) = self.number();
                let number = number.ok_or_else(|| self.unexpected("a number"))?;
                self.at = end;
                number.visit(visitor)
            }
            _ => self.literal(visitor),
        }
    }

    fn literal<'de, V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        if self.accept("null") {
            return visitor.visit_unit();
        }
        if self.accept("true") {
            return visitor.visit_bool(true);
        }
        if self.accept("false") {
            return visitor.visit_bool(false);
        }
        if self.accept(SOME) {
            let value = visitor.visit_some(&mut *self)?;
            self.expect(")")?;
            return Ok(value);
        }
        if self.accept(F32) {
            let bits = self.bits(8, u32::from_str_radix)?;
            return visitor.visit_f32(f32::from_bits(bits));
        }
        if self.accept(F64) {
            return visitor.visit_f64(f64::from_bits(self.bits(16, u64::from_str_radix)?));
        }
        match self.verbatim()? {
            Some(mut json) => json.deserialize_any(visitor),
            None => Err(self.unexpected("a value")),
        }
    }
}

/// Methods that read a value by its own form, whatever the type requests.
macro_rules! by_value {
    ($($method:ident($($argument:ident: $type:ty),*)),+ $(,)?) => {
        $(
            fn $method<V: Visitor<'de>>(self, $($argument: $type,)* visitor: V) -> Result<V::Value> {
                $(let _ = $argument;)*
                self.value(visitor)
            }
        )+
    };
}

impl<'de> Deserializer<'de> for &mut Reader<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.any(false, visitor)
    }

    /// Not by way of `f64`, which does not always give the same value.
    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.single() {
            Some(value) => visitor.visit_f32(value),
            None => self.value(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.accept("null") {
            return visitor.visit_none();
        }
        if self.peek() == Some(b'S') {
            return self.value(visitor);
        }
        self.descend()?;
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        if name == RAW
            && let Some(mut json) = self.raw()?
        {
            return json.deserialize_newtype_struct(name, visitor);
        }
        self.descend()?;
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if self.peek() == Some(b'"') {
            return visitor.visit_enum(self.string()?.into_deserializer());
        }
        self.descend()?;
        self.expect("{")?;
        let value = visitor.visit_enum(Variant(&mut *self))?;
        self.expect("}")?;
        Ok(value)
    }

    by_value! {
        deserialize_bool(),
        deserialize_i8(),
        deserialize_i16(),
        deserialize_i32(),
        deserialize_i64(),
        deserialize_i128(),
        deserialize_u8(),
        deserialize_u16(),
        deserialize_u32(),
        deserialize_u64(),
        deserialize_u128(),
        deserialize_f64(),
        deserialize_char(),
        deserialize_str(),
        deserialize_string(),
        deserialize_bytes(),
        deserialize_byte_buf(),
        deserialize_unit(),
        deserialize_unit_struct(_name: &'static str),
        deserialize_seq(),
        deserialize_tuple(_len: usize),
        deserialize_tuple_struct(_name: &'static str, _len: usize),
        deserialize_map(),
        deserialize_struct(_name: &'static str, _fields: &'static [&'static str]),
        deserialize_identifier(),
        deserialize_ignored_any(),
    }
}
