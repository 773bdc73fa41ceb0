//! Waits as an attribute's literals: `"500ms"`, `"1h30m"`, `2`, `2.0`.
//!
//! `retry_core` reads the same text from variables, but a proc-macro crate cannot share code with
//! the crate that re-exports it. Here a number in quotes without a unit is refused, because it
//! would be a second way to write `2`. The tests crate compares the two readers.

use std::time::Duration;

use syn::{Lit, LitStr};

const UNITS: [(&str, u64); 9] = [
    ("ns", 1),
    ("us", 1_000),
    // The micro sign, then the Greek letter that many keyboards produce.
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];

const ALLOWED: &str = "write seconds as a number (`2`, `0.5`) or with a unit of ns, us, ms, s, m, h \
                       or d (`\"500ms\"`, `\"1h30m\"`)";

/// Returns the wait of a literal, or the fault in it.
pub(super) fn read(literal: &Lit) -> Result<Duration, String> {
    match literal {
        Lit::Int(number) if number.suffix().is_empty() => seconds(number.base10_digits()),
        Lit::Float(number) if number.suffix().is_empty() => seconds(number.base10_digits()),
        Lit::Str(text) => with_units(text),
        _ => Err(format!("a wait cannot be written like this; {ALLOWED}")),
    }
}

fn seconds(digits: &str) -> Result<Duration, String> {
    let parsed = if digits.contains(['e', 'E']) {
        let seconds: Option<f64> = digits.parse().ok();
        seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    } else {
        scaled(digits, 1_000_000_000)
    };
    parsed.ok_or_else(|| format!("{digits} seconds are too many; {ALLOWED}"))
}

fn with_units(literal: &LitStr) -> Result<Duration, String> {
    let text = literal.value();
    let mut rest = text.trim();
    if rest.starts_with('-') {
        return Err(format!("a wait cannot be negative; {ALLOWED}"));
    }
    let mut total = Duration::ZERO;
    loop {
        let end = rest
            .find(|char: char| !char.is_ascii_digit() && char != '.')
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let after = after.trim_start();
        let end = after
            .find(|char: char| !char.is_alphabetic())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        if number.is_empty() {
            return Err(format!("{text:?} is no wait; {ALLOWED}"));
        }
        if unit.is_empty() {
            return Err(format!("{text:?} has no unit; {ALLOWED}"));
        }
        let Some((_, nanos)) = UNITS.iter().find(|(known, _)| *known == unit) else {
            return Err(format!("{text:?} has the unknown unit `{unit}`; {ALLOWED}"));
        };
        let part =
            scaled(number, *nanos).ok_or_else(|| format!("{text:?} is no wait; {ALLOWED}"))?;
        total = total
            .checked_add(part)
            .ok_or_else(|| format!("{text:?} is too long"))?;
        rest = after.trim_start();
        if rest.is_empty() {
            return Ok(total);
        }
    }
}

/// Returns `number` units of `unit` nanoseconds; digits below one nanosecond are dropped.
fn scaled(number: &str, unit: u64) -> Option<Duration> {
    const NANOS: u128 = 1_000_000_000;
    // Digits beyond these are under a nanosecond even of the longest unit, and would overflow.
    const DIGITS: usize = 18;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let fraction = &fraction[..fraction.len().min(DIGITS)];
    let read = |digits: &str| {
        if digits.is_empty() {
            Some(0)
        } else {
            digits.parse::<u128>().ok()
        }
    };
    let part =
        read(fraction)? * u128::from(unit) / 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let nanos = read(whole)?
        .checked_mul(u128::from(unit))?
        .checked_add(part)?;
    let seconds = u64::try_from(nanos / NANOS).ok()?;
    Some(Duration::new(seconds, u32::try_from(nanos % NANOS).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(literal: &str) -> Result<Duration, String> {
        read(&syn::parse_str(literal).expect("a literal"))
    }

    #[test]
    fn numbers_are_seconds_and_texts_have_units() {
        for (literal, nanos) in [
            ("2", 2_000_000_000),
            ("2.0", 2_000_000_000),
            ("0.5", 500_000_000),
            ("1e-3", 1_000_000),
            ("\"500ms\"", 500_000_000),
            ("\"1h30m\"", 5_400_000_000_000),
            ("\"1.5 s\"", 1_500_000_000),
            ("\"7ns\"", 7),
            ("0", 0),
        ] {
            assert_eq!(
                parsed(literal).map(|wait| wait.as_nanos()),
                Ok(nanos),
                "{literal}"
            );
        }
    }

    #[test]
    fn the_rest_is_refused_with_what_is_allowed() {
        for (literal, message) in [
            ("\"2\"", "\"2\" has no unit"),
            ("\"\"", "\"\" is no wait"),
            ("\"-1s\"", "a wait cannot be negative"),
            (
                "\"5 parsecs\"",
                "\"5 parsecs\" has the unknown unit `parsecs`",
            ),
            ("\"1.2.3s\"", "\"1.2.3s\" is no wait"),
            ("\"1h30\"", "\"1h30\" has no unit"),
            ("2u32", "a wait cannot be written like this"),
            ("true", "a wait cannot be written like this"),
            ("1e300", "1e300 seconds are too many"),
        ] {
            let error = parsed(literal).expect_err(literal);
            assert!(error.starts_with(message), "{literal}: {error}");
        }
    }
}
