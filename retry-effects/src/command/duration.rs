//! Durations as people write and read them: `7d`, `1h30m`.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use retry_core::__private::parse_duration;

/// The units that durations are printed in, in seconds.
const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)];

/// Parses a duration with its units, by the rule of the settings. A number without a unit is refused: its
/// unit would be a guess, and a purge would depend on it.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    const ALLOWED: &str =
        "it must be a number with a unit of ns, us, ms, s, m, h or d, as in 7d or 1h30m";
    let has_unit = text.trim().ends_with(|letter: char| letter.is_alphabetic());
    if !has_unit {
        return Err(format!("{text:?} has no unit; {ALLOWED}"));
    }
    parse_duration(text).ok_or_else(|| format!("{text:?} is not a duration; {ALLOWED}"))
}

/// Writes its two largest units: `2d4h`, `45s`.
pub(super) fn written(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let units = UNITS.iter().skip_while(|(_, scale)| seconds < *scale);
    let mut text = String::new();
    let mut left = seconds;
    for (unit, scale) in units.take(2) {
        if left >= *scale {
            let _ = write!(text, "{}{unit}", left / scale);
        }
        left %= scale;
    }
    match text.is_empty() {
        true if duration.is_zero() => "0s".to_owned(),
        true => "<1s".to_owned(),
        false => text,
    }
}

/// Returns the time from `time` to `now`; zero if `time` is later.
pub(super) fn since(time: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(time).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        let table = [
            ("7d", Some(7 * 86_400)),
            ("1h30m", Some(5_400)),
            (" 90s ", Some(90)),
            ("0s", Some(0)),
            ("1.5h", Some(5_400)),
            ("7 d", Some(7 * 86_400)),
            ("99999999999999999999d", Some(u64::MAX)),
            ("7", None),
            ("2w", None),
            ("", None),
            ("d", None),
            ("-1d", None),
            ("7é", None),
            ("1h30", None),
        ];
        for (text, seconds) in table {
            assert_eq!(
                parse(text).ok().map(|duration| duration.as_secs()),
                seconds,
                "{text}"
            );
        }
    }

    #[test]
    fn durations_are_written() {
        let table = [
            (0, "0s"),
            (45_000, "45s"),
            (400, "<1s"),
            (60_000, "1m"),
            (61_000, "1m1s"),
            (3_600_000 + 59_000, "1h"),
            (3 * 3_600_000 + 120_000, "3h2m"),
            (52 * 3_600_000, "2d4h"),
            (1_000 * 86_400_000, "1000d"),
        ];
        for (millis, text) in table {
            assert_eq!(written(Duration::from_millis(millis)), text);
        }
    }
}
