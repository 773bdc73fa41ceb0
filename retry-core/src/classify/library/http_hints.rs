//! The judgement of an HTTP answer by its status and by the hints in its headers.
//!
//! The headers come through a look-up by lower-case name, so that no client's types are needed. A hint is
//! advice alone: only a `Retry-After` on a 503 is more, as the server itself writes it. A hint that cannot
//! be read is ignored, and one that is too large is the largest wait.

use std::time::{Duration, SystemTime};

use super::http_status;
use crate::classify::judgement::{Judgement, Verdict};
use crate::classify::retry_after::{parse_http_date, parse_retry_after};

/// Returns the judgement of an answer. `now` is the time of a date in `Retry-After` for a server that
/// sends no readable `Date`.
pub(crate) fn judge<'a>(
    status: u16,
    header: impl Fn(&str) -> Option<&'a str>,
    now: SystemTime,
) -> Judgement {
    let judged = http_status::judge(status);
    if status < 400 {
        return judged;
    }
    let retry_after = retry_after(&header, now);
    let advised = match should_retry(&header) {
        Some(retry) => retry.into(),
        None => judged.verdict(),
    };
    let wait = match advised {
        Verdict::Stop => None,
        _ => first_of("retry-after-ms", milliseconds, &header)
            .or(retry_after)
            .or_else(|| first_of("x-amz-retry-after", milliseconds, &header))
            // Many servers send the state of a quota with each answer, whatever its status.
            .or_else(|| judged.is_throttle().then(|| quota_reset(&header)).flatten()),
    };
    // The advice of a header states nothing about the server's health, nor about the effect.
    let judged = judged
        .with_settled_answers()
        .advising(wait.map_or(advised, Verdict::RetryAfter));
    if status == 503 && retry_after.is_some() {
        // "Currently unable to handle the request" (RFC 9110, 15.6.4), and when that ends. A proxy that lost
        // an answer cannot know that, and sends no such field.
        return judged.step_not_applied();
    }
    judged
}

/// Returns the advice of `x-should-retry`, which services for large language models send, or of Stripe's
/// `stripe-should-retry`.
fn should_retry<'a>(header: &impl Fn(&str) -> Option<&'a str>) -> Option<bool> {
    let read = |value: &str| {
        let is = |word| trimmed(value).eq_ignore_ascii_case(word);
        is("true").then_some(true).or(is("false").then_some(false))
    };
    first_of("x-should-retry", read, header)
        .or_else(|| first_of("stripe-should-retry", read, header))
}

/// Returns the wait of `Retry-After`. A date is compared with the answer's own `Date`: the two come from the
/// same clock.
fn retry_after<'a>(header: &impl Fn(&str) -> Option<&'a str>, now: SystemTime) -> Option<Duration> {
    let value = header("retry-after")?;
    let now = first_of("date", |date| parse_http_date(date, now), header).unwrap_or(now);
    parse_retry_after(value, now)
}

/// Returns the time until an exhausted quota is renewed, in the field of the drafts of "`RateLimit` header
/// fields for HTTP" from the eighth on (`RateLimit: "default";r=0;t=30`), else in those of the drafts
/// before (`RateLimit-Reset: 30`).
fn quota_reset<'a>(header: &impl Fn(&str) -> Option<&'a str>) -> Option<Duration> {
    first_of("ratelimit", exhausted, header).or_else(|| {
        let remaining = first_of("ratelimit-remaining", whole_number, header).unwrap_or(0);
        let seconds = first_of("ratelimit-reset", whole_number, header)?;
        (remaining == 0 && seconds < UNIX_TIMES).then(|| Duration::from_secs(seconds))
    })
}

/// Some servers write a Unix time into `RateLimit-Reset`. No wait is 31 years long.
const UNIX_TIMES: u64 = 1_000_000_000;

/// Returns the longest time until a renewal of the exhausted quotas in a list; `None` if there is none, or
/// if the list is malformed.
fn exhausted(list: &str) -> Option<Duration> {
    let mut longest = None;
    for quota in split(list, b',')? {
        let (mut remaining, mut reset) = (0, None);
        for parameter in split(quota, b';')?.into_iter().skip(1) {
            match parameter.split_once('=') {
                Some(("r", value)) => remaining = whole_number(value)?,
                Some(("t", value)) => reset = Some(whole_number(value)?),
                _ => {}
            }
        }
        if remaining == 0 {
            longest = longest.max(reset);
        }
    }
    longest.map(Duration::from_secs)
}

/// Splits a structured field where `separator` stands outside of a quoted string; `None` if a string has no
/// end.
fn split(text: &str, separator: u8) -> Option<Vec<&str>> {
    let (mut parts, mut start, mut in_string, mut escaped) = (Vec::new(), 0, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            // A separator is ASCII, so that it ends no character in the middle.
            _ if byte == separator && !in_string => {
                parts.push(trimmed(&text[start..at]));
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(trimmed(&text[start..]));
    (!in_string).then_some(parts)
}

/// Reads milliseconds, which may have a fraction: `1500`, `1500.5`.
fn milliseconds(value: &str) -> Option<Duration> {
    let value = trimmed(value);
    let (whole, fraction) = value.split_once('.').unwrap_or((value, "0"));
    whole_number(fraction)?;
    let nanos: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let (millis, nanos) = (whole_number(whole)?, whole_number(&nanos)?);
    Some(Duration::from_millis(millis).saturating_add(Duration::from_nanos(nanos)))
}

/// Reads digits; a number that is too large is the largest one.
fn whole_number(value: &str) -> Option<u64> {
    let value = trimmed(value);
    let is_number = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| value.parse().unwrap_or(u64::MAX))
}

fn first_of<'a, T>(
    name: &str,
    read: impl FnOnce(&str) -> Option<T>,
    header: &impl Fn(&str) -> Option<&'a str>,
) -> Option<T> {
    header(name).and_then(read)
}

fn trimmed(value: &str) -> &str {
    value.trim_matches([' ', '\t'])
}

#[cfg(test)]
mod tests;
