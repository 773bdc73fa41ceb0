//! [`Reader`] as a deserializer.

use serde::Deserializer;
use serde::de::{IntoDeserializer, Visitor};
use serde_json::Error;

use super::entries::Variant;
use super::reader::{Reader, Result};
use super::serializer::RAW;

/// What is read as what it is, whatever the type would like it to be.
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

    /// Not by way of `f64`, which is not always the same.
    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.single() {
            Some(value) => visitor.visit_f32(value),
            None => self.value(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.took("null") {
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
        self.take("{")?;
        let value = visitor.visit_enum(Variant(&mut *self))?;
        self.take("}")?;
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
