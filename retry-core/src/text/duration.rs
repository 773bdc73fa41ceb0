//! Waits in the notation of settings and logs: `0.5`, `500ms`, `1h30m`.

use std::fmt;
use std::time::Duration;

/// The accepted forms of a wait, for error messages.
pub(crate) const ALLOWED: &str =
    "it must be seconds (0.5) or carry units (500ms, 1h30m) of ns, us, ms, s, m, h or d";

const NANOS_PER_SECOND: u128 = 1_000_000_000;

/// Nanoseconds in each unit. Where one unit is a prefix of another, the longer spelling stands
/// first.
const UNITS: [(&str, u128); 9] = [
    ("ns", 1),
    ("us", 1_000),
    // The micro sign, then the Greek letter that many keyboards produce.
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", NANOS_PER_SECOND),
    ("m", 60 * NANOS_PER_SECOND),
    ("h", 3_600 * NANOS_PER_SECOND),
    ("d", 86_400 * NANOS_PER_SECOND),
];

/// Reads the wait of a setting: a number without a unit means seconds; otherwise numbers with units, in
/// any order. A longer wait than [`Duration::MAX`] becomes [`Duration::MAX`].
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let text = text.trim();
    let mut nanos: u128 = 0;
    let (number, mut rest) = split_number(text)?;
    if rest.is_empty() {
        return Some(from_nanos(scale(number, NANOS_PER_SECOND)?));
    }
    let mut number = number;
    loop {
        let (unit, scale_by) = *UNITS.iter().find(|(unit, _)| {
            let after = rest.strip_prefix(unit);
            after.is_some_and(|after| !after.starts_with(|next: char| next.is_alphabetic()))
        })?;
        nanos = nanos.saturating_add(scale(number, scale_by)?);
        let after = rest[unit.len()..].trim_start();
        if after.is_empty() {
            return Some(from_nanos(nanos));
        }
        (number, rest) = split_number(after)?;
    }
}

/// Splits `text` into a leading decimal number (digits, at most one point) and the rest, without the
/// spaces between.
fn split_number(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|char: char| !char.is_ascii_digit() && char != '.')
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let digits = number.bytes().any(|byte| byte.is_ascii_digit());
    (digits && number.matches('.').count() <= 1).then(|| (number, rest.trim_start()))
}

/// Returns `number` units of `unit` nanoseconds, saturating; digits below one nanosecond are dropped.
fn scale(number: &str, unit: u128) -> Option<u128> {
    // Digits beyond these are under a nanosecond even of the longest unit, and would overflow.
    const DIGITS: usize = 18;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole = if whole.is_empty() {
        0
    } else {
        whole.parse().unwrap_or(u128::MAX)
    };
    let fraction = &fraction[..fraction.len().min(DIGITS)];
    let places = u32::try_from(fraction.len()).ok()?;
    let part = if fraction.is_empty() {
        0
    } else {
        fraction.parse::<u128>().ok()?
    };
    Some(
        whole
            .saturating_mul(unit)
            .saturating_add(part * unit / 10_u128.pow(places)),
    )
}

fn from_nanos(nanos: u128) -> Duration {
    let seconds = u64::try_from(nanos / NANOS_PER_SECOND);
    seconds.map_or(Duration::MAX, |seconds| {
        Duration::new(
            seconds,
            u32::try_from(nanos % NANOS_PER_SECOND).unwrap_or(0),
        )
    })
}

/// A wait as the logs print it: `0.8s`; under 100 ms, `80ms`.
#[derive(Clone, Copy)]
pub(crate) struct DisplayDuration(pub(crate) Duration);

impl fmt::Display for DisplayDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        if nanos == 0 {
            return f.write_str("0ms");
        }
        if nanos < 1_000_000 {
            return f.write_str("<1ms");
        }
        let millis = (nanos + 500_000) / 1_000_000;
        if millis < 100 {
            return write!(f, "{millis}ms");
        }
        let tenths = (nanos + 50_000_000) / 100_000_000;
        write!(f, "{}.{}s", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_seconds_and_units() {
        for (text, nanos) in [
            ("0", 0),
            ("0.5", 500_000_000),
            (" 2 ", 2_000_000_000),
            ("2.", 2_000_000_000),
            (".5", 500_000_000),
            ("500ms", 500_000_000),
            ("500 ms", 500_000_000),
            ("1h30m", 5_400_000_000_000),
            ("1h 30m", 5_400_000_000_000),
            ("1.5m", 90_000_000_000),
            ("0.1d", 8_640_000_000_000),
            ("1.0000000019s", 1_000_000_001),
            ("250us", 250_000),
            ("250µs", 250_000),
            ("7ns", 7),
        ] {
            assert_eq!(
                parse(text).map(|wait| wait.as_nanos()),
                Some(nanos),
                "{text:?}"
            );
        }
    }

    #[test]
    fn refuses_the_rest() {
        for text in [
            "", " ", ".", "-1", "+1", "1e3", "soon", "ms", "5 x", "5msx", "1.2.3", "1h30", "NaN",
            "5 5", "1,5",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn more_than_the_longest_duration_is_the_longest() {
        assert_eq!(parse(&"9".repeat(500)), Some(Duration::MAX));
        assert_eq!(parse(&format!("{}d", u128::MAX)), Some(Duration::MAX));
    }

    #[test]
    fn prints_as_the_logs_do() {
        for (nanos, text) in [
            (0, "0ms"),
            (1, "<1ms"),
            (80_000_000, "80ms"),
            (99_400_000, "99ms"),
            (99_600_000, "0.1s"),
            (100_000_000, "0.1s"),
            (800_000_000, "0.8s"),
            (949_999_999, "0.9s"),
            (950_000_000, "1.0s"),
            (10_000_000_000, "10.0s"),
            (75_000_000_000, "75.0s"),
        ] {
            assert_eq!(
                DisplayDuration(Duration::from_nanos(nanos)).to_string(),
                text,
                "{nanos}"
            );
        }
        assert!(DisplayDuration(Duration::MAX).to_string().ends_with('s'));
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}|[0-9.]{0,60}(ns|us|ms|s|m|h|d)?") {
            let _ = parse(&text);
        }
    }
}
