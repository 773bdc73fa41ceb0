//! Values of `Retry-After`: no panic, and each date that the `httpdate` crate reads is read alike.

#![no_main]

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use libfuzzer_sys::fuzz_target;
use retry_core::parse_retry_after;

/// The last second that an HTTP date can name.
const LAST: u64 = 253_402_300_799;

// A line for the clock, in seconds from 1970, and the value.
fuzz_target!(|text: &str| {
    let (clock, text) = text.split_once('\n').unwrap_or(("0", text));
    let before = clock.starts_with('-');
    let seconds = clock.trim_start_matches('-').parse().unwrap_or(u64::MAX);
    let (offset, date) = (
        Duration::from_secs(seconds),
        UNIX_EPOCH + Duration::from_secs(seconds % (LAST + 1)),
    );
    let now = if before {
        UNIX_EPOCH.checked_sub(offset)
    } else {
        UNIX_EPOCH.checked_add(offset)
    };
    let _ = parse_retry_after(text, now.unwrap_or(UNIX_EPOCH));

    let since = |now: SystemTime, date: SystemTime| date.duration_since(now).unwrap_or_default();
    for written in forms(date) {
        let now = date
            .checked_sub(Duration::from_secs(1_000))
            .unwrap_or(UNIX_EPOCH);
        assert_eq!(
            parse_retry_after(&written, now),
            Some(since(now, date)),
            "{written}"
        );
    }

    // That crate reads some texts which are in none of the three forms.
    let Ok(expected) = httpdate::parse_http_date(text) else {
        return;
    };
    // A year of two digits depends on the clock here, and on a fixed year there: 1970 to 2050 is common
    // to both at this time.
    let now = UNIX_EPOCH + Duration::from_secs(946_684_800);
    let is_common = expected < UNIX_EPOCH + Duration::from_secs(2_524_608_000);
    if (is_common || !text.contains('-'))
        && let Some(wait) = parse_retry_after(text, now)
    {
        assert_eq!(wait, since(now, expected), "{text:?}");
    }
});

/// Returns the three forms of a date.
fn forms(date: SystemTime) -> [String; 3] {
    let fixed = httpdate::fmt_http_date(date);
    let [weekday, day, month, year, time, _] = fixed.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{fixed}");
    };
    let (short, day_number) = (&weekday[..3], day.trim_start_matches('0'));
    let long = [
        "Monday",
        "Tuesday",
        "Wednesday",
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
    ];
    let long = long
        .into_iter()
        .find(|name| name.starts_with(short))
        .expect("a day");
    [
        format!("{long}, {day}-{month}-{} {time} GMT", &year[2..]),
        format!("{short} {month} {day_number:>2} {time} {year}"),
        fixed.clone(),
    ]
}
