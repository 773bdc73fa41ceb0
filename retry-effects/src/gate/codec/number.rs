//! Numbers from their digits.

use serde::de::Visitor;
use serde_json::Result;

/// A number, in the smallest type that holds it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    U64(u64),
    I64(i64),
    U128(u128),
    I128(i128),
    Float(f64),
}

impl Number {
    /// Parses the digits; `None` if they are not a number, or one beyond `f64`.
    pub(super) fn of(digits: &str) -> Option<Self> {
        None.or_else(|| digits.parse().ok().map(Self::U64))
            .or_else(|| digits.parse().ok().map(Self::I64))
            .or_else(|| digits.parse().ok().map(Self::U128))
            .or_else(|| digits.parse().ok().map(Self::I128))
            .or_else(|| {
                let float = digits.parse().ok().filter(|float: &f64| float.is_finite());
                float.map(Self::Float)
            })
    }

    /// Whether its own text is `digits`, with or without a `+` in the exponent.
    pub(super) fn is_written(self, digits: &str) -> bool {
        match self {
            Self::U64(value) => value.to_string() == digits,
            Self::I64(value) => value.to_string() == digits,
            Self::Float(value) => {
                let written = serde_json::to_string(&value).unwrap_or_default();
                written.replace('+', "") == digits.replace('+', "")
            }
            Self::U128(_) | Self::I128(_) => false,
        }
    }

    /// Passes it to `visitor`.
    pub(super) fn visit<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self {
            Self::U64(value) => visitor.visit_u64(value),
            Self::I64(value) => visitor.visit_i64(value),
            Self::U128(value) => visitor.visit_u128(value),
            Self::I128(value) => visitor.visit_i128(value),
            Self::Float(value) => visitor.visit_f64(value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Number;

    #[test]
    fn digits_that_we_write_are_told_from_others() {
        for (digits, is_ours) in [
            ("0", true),
            ("-7", true),
            ("18446744073709551615", true),
            ("18446744073709551616", false),
            ("1.5", true),
            ("1.50", false),
            ("-0.0", true),
            ("-0", false),
            // The texts of the two crates with which serde_json has written floats.
            ("1e300", true),
            ("1e+300", true),
            ("1E300", false),
            ("0.1000000000000000055511151231257827", false),
        ] {
            let number = Number::of(digits).expect(digits);
            assert_eq!(number.is_written(digits), is_ours, "{digits}");
        }
        for text in ["", "-", "1e", "1e400", "1-1", "."] {
            assert!(Number::of(text).is_none(), "{text}");
        }
    }
}
