//! Times in UTC as Python's `datetime.isoformat()` writes them, which is RFC 3339, and as its rows
//! may hold them.

#[cfg(any(feature = "cli", all(test, feature = "sqlite")))]
use std::fmt::Write;

/// Writes `2026-11-22T01:25:27.123000+00:00`, without the fraction where it is zero, as Python does.
#[cfg(any(feature = "cli", all(test, feature = "sqlite")))]
pub(crate) fn written(millis: u64) -> String {
    // A later year has five digits, which Python cannot read.
    let millis = millis.min(253_402_300_799_999);
    let (seconds, fraction) = (millis / 1000, millis % 1000);
    let (days, of_day) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    let mut text = String::with_capacity(32);
    write!(
        text,
        "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
    )
    .expect("a String takes all");
    if fraction > 0 {
        write!(text, ".{fraction:03}000").expect("a String takes all");
    }
    text.push_str("+00:00");
    text
}

/// Returns an ISO time in milliseconds since 1970; a time without a zone is UTC, one before 1970 is
/// 1970.
#[cfg(feature = "sqlite")]
pub(crate) fn read(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<i64> {
        let digits = text.get(from..to)?;
        let all = digits.bytes().all(|digit| digit.is_ascii_digit());
        all.then(|| digits.parse().ok()).flatten()
    };
    let stands = |at: usize, mark: &[u8]| bytes.get(at).is_some_and(|byte| mark.contains(byte));
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let marks = stands(4, b"-") && stands(7, b"-") && stands(10, b"T ") && stands(13, b":");
    let in_range = (1..=12).contains(&month) && (1..=31).contains(&day);
    if !marks || !in_range || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut rest = &text[19..];
    let mut millis = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        let padded = format!("{:0<3}", &fraction[..digits]);
        millis = padded[..3].parse::<i64>().ok()?;
        rest = &fraction[digits..];
    }
    let seconds = ((days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second - zone(rest)?;
    u64::try_from((seconds * 1000 + millis).max(0)).ok()
}

/// Returns the seconds by which a zone is ahead of UTC.
#[cfg(feature = "sqlite")]
fn zone(text: &str) -> Option<i64> {
    if text.is_empty() || text == "Z" {
        return Some(0);
    }
    let ahead = match text.as_bytes()[0] {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    // Two digits each: any number of them is more than a number holds.
    let number = |from: usize| -> Option<i64> {
        let digits = text.get(from..from + 2)?;
        let all = digits.bytes().all(|digit| digit.is_ascii_digit());
        all.then(|| digits.parse().ok()).flatten()
    };
    let (hours, minutes) = (number(1)?, number(4)?);
    (text.as_bytes()[3] == b':').then_some(ahead * (hours * 60 + minutes) * 60)
}

/// Returns year, month and day of a day since 1970.
/// <https://howardhinnant.github.io/date_algorithms.html>
#[cfg(any(feature = "cli", all(test, feature = "sqlite")))]
fn date(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let era = z / 146_097;
    let of_era = z % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// Returns the days since 1970, by the same source.
#[cfg(feature = "sqlite")]
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(all(test, feature = "sqlite"))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_written_as_python_writes_them() {
        // `datetime.fromtimestamp(ms / 1000, timezone.utc).isoformat()`
        let table = [
            (0, "1970-01-01T00:00:00+00:00"),
            (951_782_400_000, "2000-02-29T00:00:00+00:00"),
            (1_795_310_727_123, "2026-11-22T01:25:27.123000+00:00"),
            (4_107_542_399_001, "2100-02-28T23:59:59.001000+00:00"),
        ];
        for (millis, text) in table {
            assert_eq!(written(millis), text);
            assert_eq!(read(text), Some(millis), "{text}");
        }
    }

    #[test]
    fn other_forms_of_python_are_read() {
        let table = [
            ("2026-11-22T01:25:27.123456+00:00", Some(1_795_310_727_123)),
            ("2026-11-22 01:25:27", Some(1_795_310_727_000)),
            ("2026-11-22T01:25:27Z", Some(1_795_310_727_000)),
            ("2026-11-22T03:25:27.1+02:00", Some(1_795_310_727_100)),
            ("2026-11-21T20:25:27-05:00", Some(1_795_310_727_000)),
            ("1960-01-01T00:00:00+00:00", Some(0)),
            ("", None),
            ("yesterday", None),
            ("2026-13-22T01:25:27", None),
            ("2026-11-22T01:25:27 and more", None),
            ("2026-11-22T01:25", None),
            ("2026-11-2é2T01:25:27", None),
            ("2026-11-22T01:25:27+9223372036854775807:00", None),
            ("2026-11-22T01:25:27-00:+1", None),
            ("2026-11-22T01:25:27+02.00", None),
        ];
        for (text, millis) in table {
            assert_eq!(read(text), millis, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(millis in 0_u64..253_402_300_800_000) {
            prop_assert_eq!(read(&written(millis)), Some(millis));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}|[0-9]{4}-11-22T01:25:27[.]?[0-9é]{0,4}[-+][0-9é]{0,20}:?.{0,4}") {
            let _ = read(&text);
        }
    }
}
