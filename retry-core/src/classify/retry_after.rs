//! The HTTP field `Retry-After`, for clients whose error carries no headers.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Returns the wait that an HTTP server requests, from the value of its `Retry-After` field.
///
/// Reads delta-seconds (`120`) and the three date forms of RFC 9110, section 5.6.7 (`Sun, 06 Nov 1994
/// 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT`, `Sun Nov  6 08:49:37 1994`), and subtracts `now`
/// from a date. A past date gives zero, a number too large for a [`Duration`] gives the largest one, and
/// a value in no such form gives `None`.
///
/// Pass the result to [`Judgement::retry_after`](crate::Judgement::retry_after):
///
/// ```
/// use std::time::{Duration, SystemTime};
/// use retry_core::{Classify, Judgement, Verdict, parse_retry_after};
/// # use std::fmt;
///
/// #[derive(Debug)]
/// struct TooManyRequests { retry_after: Option<String> }
/// # impl fmt::Display for TooManyRequests {
/// #     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str("too many requests") }
/// # }
///
/// impl Classify for TooManyRequests {
///     fn classify(&self) -> Judgement {
///         self.retry_after
///             .as_deref()
///             .and_then(|value| parse_retry_after(value, SystemTime::now()))
///             .map_or(Judgement::retry(), Judgement::retry_after)
///             .not_applied()
///     }
/// }
///
/// let error = TooManyRequests { retry_after: Some("7".into()) };
/// assert_eq!(error.classify().verdict(), Verdict::RetryAfter(Duration::from_secs(7)));
/// ```
#[must_use]
pub fn parse_retry_after(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim_matches([' ', '\t']);
    if is_digits(value) {
        // Digits alone fail to parse only if the number is too large.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let now = seconds_since_epoch(now);
    let wait = http_date(value, now)?.saturating_sub(now);
    Some(Duration::from_secs(u64::try_from(wait).unwrap_or(0)))
}

/// Returns the time of an HTTP date. `now` decides the century of a year of two digits.
pub(crate) fn parse_http_date(value: &str, now: SystemTime) -> Option<SystemTime> {
    let seconds = http_date(value, seconds_since_epoch(now))?;
    let offset = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        UNIX_EPOCH.checked_sub(offset)
    } else {
        UNIX_EPOCH.checked_add(offset)
    }
}

/// Returns whole seconds, rounded down: a wait computed from them ends at the date or up to a second
/// after it, never before.
fn seconds_since_epoch(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
        Err(before) => {
            let before = before.duration();
            let part = i64::from(before.subsec_nanos() > 0);
            i64::try_from(before.as_secs()).map_or(i64::MIN, |secs| -secs - part)
        }
    }
}

/// Returns the date in seconds since the epoch. RFC 9110 requires recipients to accept all three forms.
fn http_date(text: &str, now: i64) -> Option<i64> {
    let words: Vec<&str> = text.split_ascii_whitespace().take(7).collect();
    match *words.as_slice() {
        // IMF-fixdate.
        [weekday, day, month, year, time, "GMT"] if is_weekday(weekday, true) => {
            seconds(number(year, 4..=4)?, month, number(day, 2..=2)?, time)
        }
        // RFC 850.
        [weekday, date, time, "GMT"] if is_weekday(weekday, true) => {
            let (day, rest) = date.split_once('-')?;
            let (month, year) = rest.split_once('-')?;
            let (day, year) = (number(day, 2..=2)?, number(year, 2..=2)?);
            latest_century(year, now, |year| seconds(year, month, day, time))
        }
        // asctime, which pads the day with a space.
        [weekday, month, day, time, year] if is_weekday(weekday, false) => {
            seconds(number(year, 4..=4)?, month, number(day, 1..=2)?, time)
        }
        _ => None,
    }
}

fn is_weekday(word: &str, with_comma: bool) -> bool {
    let name = word.strip_suffix(',');
    name.is_some() == with_comma
        && name
            .unwrap_or(word)
            .get(..3)
            .is_some_and(|name| ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].contains(&name))
}

/// Mean length of a Gregorian year.
const YEAR: i64 = 31_556_952;

/// Resolves a two-digit year to the latest date that is not more than 50 years ahead (RFC 9110, section
/// 5.6.7).
fn latest_century(two_digits: i64, now: i64, date: impl Fn(i64) -> Option<i64>) -> Option<i64> {
    let this_year = (1970 + now / YEAR).clamp(1970, 9899);
    let mut year = this_year - this_year % 100 + 100 + two_digits;
    loop {
        match date(year) {
            Some(then) if then <= now.saturating_add(50 * YEAR) => return Some(then),
            // Also for a 29 February that this century lacks.
            _ if year > 1900 => year -= 100,
            _ => return None,
        }
    }
}

fn seconds(year: i64, month: &str, day: i64, time: &str) -> Option<i64> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    const DAYS_BEFORE: [i64; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

    let month = MONTHS.iter().position(|name| *name == month)?;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let leap_day = |within: bool| i64::from(is_leap && within);
    if !(1..=DAYS_BEFORE[month + 1] - DAYS_BEFORE[month] + leap_day(month == 1)).contains(&day) {
        return None;
    }
    // Leap days of all whole years before this one, counted from the year 1.
    let leap_days = |year: i64| year / 4 - year / 100 + year / 400;
    let days = (year - 1970) * 365 + leap_days(year - 1) - leap_days(1969)
        + DAYS_BEFORE[month]
        + leap_day(month > 1)
        + day
        - 1;
    Some(days * 86_400 + time_of_day(time)?)
}

fn time_of_day(text: &str) -> Option<i64> {
    let mut parts = text.split(':').map(|part| number(part, 2..=2));
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    // A leap second is written as 60.
    let valid = parts.next().is_none() && hour < 24 && minute < 60 && second <= 60;
    valid.then_some(hour * 3600 + minute * 60 + second)
}

fn number(text: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<i64> {
    if lengths.contains(&text.len()) && is_digits(text) {
        text.parse().ok()
    } else {
        None
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sunday, 6 November 1994, 08:49:37: the example of RFC 9110.
    const EXAMPLE: u64 = 784_111_777;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn wait(value: &str, now: u64) -> Option<u64> {
        parse_retry_after(value, at(now)).map(|wait| wait.as_secs())
    }

    #[test]
    fn delta_seconds() {
        for (value, seconds) in [
            ("0", 0),
            ("120", 120),
            (" 5\t", 5),
            ("007", 7),
            ("18446744073709551615", u64::MAX),
            ("18446744073709551616", u64::MAX),
            (&"9".repeat(100), u64::MAX),
        ] {
            assert_eq!(wait(value, EXAMPLE), Some(seconds), "{value:?}");
        }
    }

    #[test]
    fn all_three_date_forms() {
        for value in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(wait(value, EXAMPLE - 90), Some(90), "{value:?}");
            assert_eq!(wait(value, EXAMPLE), Some(0), "{value:?}");
            assert_eq!(wait(value, EXAMPLE + 1), Some(0), "{value:?} has passed");
        }
    }

    #[test]
    fn a_part_of_a_second_counts_as_not_yet_begun() {
        let now = at(EXAMPLE - 2) + Duration::from_millis(600);
        let wait = parse_retry_after("Sun, 06 Nov 1994 08:49:37 GMT", now);
        assert_eq!(wait, Some(Duration::from_secs(2)));
    }

    #[test]
    fn a_clock_before_1970_counts_whole_seconds_too() {
        let wait = |millis| {
            let now = UNIX_EPOCH.checked_sub(Duration::from_millis(millis))?;
            parse_retry_after("Thu, 01 Jan 1970 00:00:00 GMT", now)
        };
        assert_eq!(wait(2_000), Some(Duration::from_secs(2)));
        assert_eq!(wait(2_001), Some(Duration::from_secs(3)));
    }

    #[test]
    fn the_calendar() {
        for (value, seconds) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Thu, 01 Jan 1970 00:00:01 GMT", 1),
            ("Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400),
            ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
            ("Thu, 29 Feb 2024 12:00:00 GMT", 1_709_208_000),
            ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
            ("Mon, 01 Mar 2100 00:00:00 GMT", 4_107_542_400),
            ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799),
            ("Mon, 01 Jan 0001 00:00:00 GMT", 0),
        ] {
            assert_eq!(wait(value, 0), Some(seconds), "{value:?}");
        }
    }

    #[test]
    fn a_two_digit_year_lies_at_most_fifty_years_ahead() {
        // 1 January 2025.
        let now = 1_735_689_600;
        assert_eq!(wait("Wednesday, 01-Jan-25 00:00:10 GMT", now), Some(10));
        assert_eq!(
            wait("Tuesday, 01-Jan-74 00:00:00 GMT", now),
            Some(1_546_300_800)
        );
        assert_eq!(
            wait("Thursday, 01-Jan-76 00:00:00 GMT", now),
            Some(0),
            "1976"
        );
        assert_eq!(wait("Friday, 31-Dec-99 00:00:00 GMT", now), Some(0), "1999");
    }

    #[test]
    fn garbage_is_no_hint() {
        for value in [
            "",
            " ",
            "-1",
            "+1",
            "1.5",
            "1 s",
            "soon",
            "٣",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:00 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 31 Nov 1994 08:49:37 GMT",
            "Sun, 29 Feb 2100 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-1994 08:49:37 GMT",
            "Sunday, 06 Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 94",
            "Nov  6 08:49:37 1994",
            "☃☃, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT and more words than there are",
        ] {
            assert_eq!(wait(value, EXAMPLE), None, "{value:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_and_no_clock_panics(text in "\\PC{0,40}", seconds: u64, before: bool) {
            let offset = Duration::from_secs(seconds);
            let now = if before { UNIX_EPOCH.checked_sub(offset) } else { UNIX_EPOCH.checked_add(offset) };
            let now = now.unwrap_or(UNIX_EPOCH);
            for text in [text.as_str(), "Sunday, 29-Feb-00 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
                let _ = parse_retry_after(text, now);
            }
        }

        #[test]
        fn days_follow_each_other(year in 1970_i64..9999, month in 0_usize..12, day in 1_i64..=31) {
            const MONTHS: [&str; 12] = [
                "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
            ];
            if let Some(today) = seconds(year, MONTHS[month], day, "00:00:00") {
                let next = seconds(year, MONTHS[month], day + 1, "00:00:00")
                    .or_else(|| seconds(year, MONTHS.get(month + 1)?, 1, "00:00:00"))
                    .or_else(|| seconds(year + 1, "Jan", 1, "00:00:00"));
                proptest::prop_assert_eq!(next, Some(today + 86_400));
            }
        }
    }
}
