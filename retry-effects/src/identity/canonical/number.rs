//! Structs, including those with which `serde_json` passes text of its own.

use serde::ser::{Error as _, Serialize, SerializeStruct};

use super::float;
use super::key_serializer::KeySerializer;
use super::object::Object;
use super::text::Name;
use super::writer::Writer;
use crate::identity::error::ActionIdError;

/// The name of the struct, and of its only field, for a number kept as text: `serde_json::Number`
/// serializes as it with the feature `arbitrary_precision`.
const NUMBER: Name = "$serde_json::private::Number";

/// The same for `serde_json::value::RawValue`.
const RAW: Name = "$serde_json::private::RawValue";

/// A struct that is being written.
pub(super) enum Struct<'a> {
    Object(Object<'a>),
    Number(&'a mut Writer),
}

impl<'a> Struct<'a> {
    pub(super) fn open(writer: &'a mut Writer, name: Name) -> Result<Self, ActionIdError> {
        match name {
            NUMBER => Ok(Self::Number(writer)),
            RAW => Err(ActionIdError::RawJson {
                path: String::new(),
            }),
            _ => Object::open(writer, None).map(Self::Object),
        }
    }
}

impl SerializeStruct for Struct<'_> {
    type Ok = ();
    type Error = ActionIdError;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: Name,
        value: &T,
    ) -> Result<(), ActionIdError> {
        match self {
            Self::Object(object) => object.field(key, value),
            Self::Number(writer) => {
                number_text(writer, value).and_then(|text| write_number(&mut writer.out, &text))
            }
        }
    }

    fn end(self) -> Result<(), ActionIdError> {
        match self {
            Self::Object(object) => object.close(),
            Self::Number(_) => Ok(()),
        }
    }
}

/// Returns the text that `value` serializes as.
fn number_text(
    writer: &mut Writer,
    value: &(impl Serialize + ?Sized),
) -> Result<String, ActionIdError> {
    let start = writer.out.len();
    // The key serializer is the only one that accepts nothing but a string.
    value
        .serialize(KeySerializer(writer))
        .map_err(|_| ActionIdError::custom("a number kept as text is no text"))?;
    let text = String::from_utf8_lossy(&writer.out[start + 1..writer.out.len() - 1]).into_owned();
    writer.out.truncate(start);
    Ok(text)
}

/// Writes a number as Python would after reading it: an integer of any size unchanged, any other number
/// as the nearest double.
fn write_number(out: &mut Vec<u8>, number: &str) -> Result<(), ActionIdError> {
    match NumberForm::of(number) {
        // Python reads `-0` as the integer 0, which has no sign.
        Some(NumberForm::Integer) => {
            out.extend_from_slice(if number == "-0" {
                b"0"
            } else {
                number.as_bytes()
            });
            Ok(())
        }
        Some(NumberForm::Float) => {
            let value = number.parse().expect("a JSON number is a Rust float");
            float::write_f64(out, value)
        }
        None => Err(ActionIdError::NotANumber {
            path: String::new(),
            text: number.to_owned(),
        }),
    }
}

enum NumberForm {
    Integer,
    Float,
}

impl NumberForm {
    /// Distinguishes an integer from a float by JSON's grammar (RFC 8259, section 6).
    fn of(number: &str) -> Option<Self> {
        let number = number.strip_prefix('-').unwrap_or(number);
        let (whole, rest) = split_digits(number)?;
        if whole.len() > 1 && whole.starts_with('0') {
            return None;
        }
        if rest.is_empty() {
            return Some(Self::Integer);
        }
        let rest = match rest.strip_prefix('.') {
            Some(fraction) => split_digits(fraction)?.1,
            None => rest,
        };
        if rest.is_empty() {
            return Some(Self::Float);
        }
        let exponent = rest.strip_prefix(['e', 'E'])?;
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        split_digits(exponent)?.1.is_empty().then_some(Self::Float)
    }
}

/// Splits off the leading digits; at least one is required.
fn split_digits(text: &str) -> Option<(&str, &str)> {
    let end = text
        .bytes()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(number: &str) -> Result<String, ActionIdError> {
        let mut out = Vec::new();
        write_number(&mut out, number)?;
        Ok(String::from_utf8(out).unwrap())
    }

    // Expected texts from Python 3.11: json.dumps(json.loads(number)).
    #[test]
    fn numbers_kept_as_text_are_read_as_python_reads_them() {
        for (number, python) in [
            ("0", "0"),
            ("-0", "0"),
            ("-12", "-12"),
            (
                "1234567890123456789012345678901234567890",
                "1234567890123456789012345678901234567890",
            ),
            ("-0.0", "-0.0"),
            ("1.0", "1.0"),
            ("1e2", "100.0"),
            ("1E+2", "100.0"),
            ("-1.50e-7", "-1.5e-07"),
            ("0e0", "0.0"),
            ("1e-999", "0.0"),
            ("0.1000000000000000055", "0.1"),
        ] {
            assert_eq!(written(number).as_deref(), Ok(python));
        }
    }

    #[test]
    fn other_text_is_refused() {
        for text in [
            "", "-", "+1", "01", "-01", ".5", "5.", "1e", "1e+", "1.e1", "1x", "1.5x", "NaN", "1 ",
        ] {
            assert!(
                matches!(written(text), Err(ActionIdError::NotANumber { .. })),
                "{text:?}"
            );
        }
        assert!(matches!(
            written("1e999"),
            Err(ActionIdError::NotFinite { .. })
        ));
    }
}
