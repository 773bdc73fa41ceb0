//! The hints of an HTTP answer: no panic, and no header but `Retry-After` on a 503 changes the proof.

#![no_main]

use std::time::{Duration, SystemTime};

use libfuzzer_sys::fuzz_target;
use retry_core::{Verdict, http::judge_status, parse_retry_after};

// A line for the status, and a line for each header: `name: value`.
fuzz_target!(|text: &str| {
    let (status, rest) = text.split_once('\n').unwrap_or(("429", text));
    let status = status.parse().unwrap_or(503);
    let header = |name: &str| {
        let mut fields = rest.lines().filter_map(|line| line.split_once(": "));
        fields
            .find(|(found, _)| *found == name)
            .map(|(_, value)| value)
    };
    let (judged, bare) = (judge_status(status, header), judge_status(status, |_| None));
    assert_eq!(judged.answer(), bare.answer());
    assert_eq!(judged.kind(), bare.kind());
    let wait = header("retry-after").and_then(|value| parse_retry_after(value, SystemTime::now()));
    let is_proved = bare.is_not_applied() || (status == 503 && wait.is_some());
    assert_eq!(judged.is_not_applied(), is_proved);

    // Digits alone are read as other readers read them.
    if let (400.., Some(Ok(millis))) = (status, header("retry-after-ms").map(str::parse::<u32>))
        && !header("retry-after-ms").is_some_and(|value| value.starts_with('+'))
        && judged.verdict() != Verdict::Stop
    {
        let millis = Duration::from_millis(millis.into());
        assert_eq!(judged.verdict(), Verdict::RetryAfter(millis));
    }
});
