//! Floats as Python's `repr` writes them.

use std::fmt::{LowerExp, Write};
use std::str::FromStr;

use crate::identity::error::ActionIdError;

/// Writes a double as Python's `repr` writes it.
pub(super) fn write_f64(out: &mut Vec<u8>, value: f64) -> Result<(), ActionIdError> {
    write(out, value, value, f64::DIGITS)
}

/// Writes the double that a Python worker reads from `serde_json`'s text of `value`: the one nearest to
/// the shortest digits that distinguish `value` from other singles. These digits are so few that they
/// are the double's own shortest digits as well.
pub(super) fn write_f32(out: &mut Vec<u8>, value: f32) -> Result<(), ActionIdError> {
    write(out, value, f64::from(value), f32::DIGITS)
}

/// `safe_digits`: any two decimals with this many digits differ as floats of this type.
fn write<F>(out: &mut Vec<u8>, value: F, wide: f64, safe_digits: u32) -> Result<(), ActionIdError>
where
    F: LowerExp + FromStr + PartialEq + Copy,
{
    if !wide.is_finite() {
        return Err(ActionIdError::NotFinite {
            path: String::new(),
            value: wide,
        });
    }
    let shortest = Scientific::of(format_args!("{value:e}"));
    let count = shortest.digits().count();
    if count <= safe_digits as usize || shortest.last_digit_is_even() {
        shortest.lay_out(out);
        return Ok(());
    }
    // Two shortest candidates may be equally near, as for 2^50 + 0.25. Rust's shortest form takes the
    // upper one, Python's the even one; so does Rust's form with a given precision.
    let rounded = Scientific::of(format_args!("{value:.precision$e}", precision = count - 1));
    let same = rounded.text().parse().is_ok_and(|read: F| read == value);
    if same {
        rounded.lay_out(out);
    } else {
        shortest.lay_out(out);
    }
    Ok(())
}

/// A float in the form `-d.ddde-ddd`, without a heap allocation.
struct Scientific {
    bytes: [u8; Self::ROOM],
    len: usize,
}

impl Scientific {
    /// A sign, 17 digits, a point and `e-324`: 24 bytes.
    const ROOM: usize = 24;

    fn of(number: std::fmt::Arguments<'_>) -> Self {
        let mut form = Self {
            bytes: [0; Self::ROOM],
            len: 0,
        };
        form.write_fmt(number)
            .expect("17 digits and an exponent fit");
        form
    }

    fn text(&self) -> &str {
        str::from_utf8(&self.bytes[..self.len]).expect("a float's text is ASCII")
    }

    fn parts(&self) -> (&str, i32) {
        let (mantissa, exponent) = self
            .text()
            .split_once('e')
            .expect("the form has an exponent");
        (
            mantissa,
            exponent.parse().expect("the exponent is an integer"),
        )
    }

    fn digits(&self) -> impl Iterator<Item = u8> {
        self.parts().0.bytes().filter(u8::is_ascii_digit)
    }

    fn last_digit_is_even(&self) -> bool {
        self.parts()
            .0
            .bytes()
            .next_back()
            .is_some_and(|digit| digit.is_multiple_of(2))
    }

    /// Writes the digits as `repr` does: for exponents from -4 to 15 plainly, with at least one digit
    /// on each side of the point; otherwise as `d.ddde-dd`, with no point after a single digit and with
    /// at least two digits in the exponent.
    fn lay_out(&self, out: &mut Vec<u8>) {
        let (mantissa, exponent) = self.parts();
        let mut text = super::text::Plain(out);
        if !(-4..16).contains(&exponent) {
            let sign = if exponent < 0 { '-' } else { '+' };
            write!(text, "{mantissa}e{sign}{:02}", exponent.unsigned_abs())
                .expect("a buffer takes everything");
            return;
        }
        if mantissa.starts_with('-') {
            out.push(b'-');
        }
        // Digits before the point; zero or negative if the number is below one.
        let whole = exponent + 1;
        if whole <= 0 {
            out.extend_from_slice(b"0.");
            out.extend((whole..0).map(|_| b'0'));
            out.extend(self.digits());
            return;
        }
        let mut digits = self.digits();
        out.extend((0..whole).map(|_| digits.next().unwrap_or(b'0')));
        out.push(b'.');
        out.push(digits.next().unwrap_or(b'0'));
        out.extend(digits);
    }
}

impl Write for Scientific {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.len + text.len();
        let room = self.bytes.get_mut(self.len..end).ok_or(std::fmt::Error)?;
        room.copy_from_slice(text.as_bytes());
        self.len = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repr(value: f64) -> String {
        let mut out = Vec::new();
        write_f64(&mut out, value).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn repr_f32(value: f32) -> String {
        let mut out = Vec::new();
        write_f32(&mut out, value).unwrap();
        String::from_utf8(out).unwrap()
    }

    // Expected texts from Python 3.11: repr(value).
    #[test]
    fn doubles_are_pythons_repr() {
        for (value, python) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-1.5, "-1.5"),
            (0.1, "0.1"),
            (100.0, "100.0"),
            (0.0001, "0.0001"),
            (0.000_123, "0.000123"),
            (0.00001, "1e-05"),
            (0.000_012_3, "1.23e-05"),
            (123_456_789.123_456_79, "123456789.12345679"),
            (9_007_199_254_740_993.0, "9007199254740992.0"),
            (1e15, "1000000000000000.0"),
            (9_999_999_999_999_998.0, "9999999999999998.0"),
            (1e16, "1e+16"),
            (1.234e22, "1.234e+22"),
            (1e100, "1e+100"),
            (1e-100, "1e-100"),
            (5e-324, "5e-324"),
            (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
            (-f64::MAX, "-1.7976931348623157e+308"),
        ] {
            assert_eq!(repr(value), python);
        }
    }

    // Expected texts from Python 3.11: repr(value). Rust's `{:e}` ends in 3 in the first three. By their bits: 2^50
    // and a quarter, 2^-25, 2^50 and three quarters, 2^-44.
    #[test]
    fn a_tie_goes_to_the_even_digit() {
        for (value, python) in [
            (f64::from_bits((1073 << 52) | 1), "1125899906842624.2"),
            (f64::from_bits(998 << 52), "2.9802322387695312e-08"),
            (-2_055_632_965_124_721.0 - 0.25, "-2055632965124721.2"),
            (f64::from_bits((1073 << 52) | 3), "1125899906842624.8"),
            // The nearer candidate would read back as the double below.
            (f64::from_bits(979 << 52), "5.684341886080802e-14"),
        ] {
            assert_eq!(repr(value), python);
        }
    }

    #[test]
    fn singles_are_what_python_reads_from_serde_json() {
        let step = if cfg!(miri) { 65_521 << 10 } else { 65_521 };
        let every_so_often = (0..=u32::MAX).step_by(step);
        // Also those with few digits, down to the smallest of all.
        let powers_of_two = (0..23).map(|bit| 1 << bit);
        let powers_of_two = powers_of_two.chain((1..255).map(|exponent| exponent << 23));
        for value in every_so_often
            .chain(powers_of_two)
            .map(f32::from_bits)
            .filter(|value| value.is_finite())
        {
            let json = serde_json::to_string(&value).unwrap();
            assert_eq!(repr_f32(value), repr(json.parse().unwrap()), "{json}");
        }
        assert_eq!(repr_f32(0.1), "0.1");
        assert_eq!(repr_f32(f32::MAX), "3.4028235e+38");
    }

    #[test]
    fn what_is_not_finite_is_refused() {
        let mut out = Vec::new();
        for value in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let error = write_f32(&mut out, value).unwrap_err();
            assert!(matches!(error, ActionIdError::NotFinite { .. }), "{error}");
            let error = write_f64(&mut out, f64::from(value)).unwrap_err();
            assert!(matches!(error, ActionIdError::NotFinite { .. }), "{error}");
        }
        assert!(out.is_empty());
    }
}
