//! Texts as waits: no panic, what is written is read, and a sum of waits is the wait of the joined texts.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use retry_core::__private::parse_duration;

// Two texts, a line each.
fuzz_target!(|text: &str| {
    let (one, other) = text.split_once('\n').unwrap_or((text, ""));
    let nanos = text
        .bytes()
        .take(8)
        .fold(0, |number, byte| number << 8 | u64::from(byte));
    let wait = Duration::from_nanos(nanos);
    assert_eq!(parse_duration(&format!("{nanos}ns")), Some(wait));
    // Debug is the other form of a duration that programs log.
    assert_eq!(parse_duration(&format!("{wait:?}")), Some(wait));

    let (Some(first), Some(second)) = (parse_duration(one), parse_duration(other)) else {
        return;
    };
    let with_units = [one, other].map(|text| text.trim().ends_with(char::is_alphabetic));
    for joined in [format!("{one}{other}"), format!("{one} {other}")] {
        let sum = parse_duration(&joined);
        match with_units {
            [true, true] => assert_eq!(sum, Some(first.saturating_add(second)), "{joined:?}"),
            // A number without a unit stands alone.
            [true, false] => assert_eq!(sum, None, "{joined:?}"),
            // The digits of the two may make one number.
            _ => {}
        }
    }
});
