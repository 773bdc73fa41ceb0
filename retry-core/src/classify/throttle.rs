//! Messages which state that there were too many calls.

use std::fmt;

use super::message;
use crate::text::display::text_of;

/// Matched in any case, at the start of a word; the parts may be written together or joined by `_` or
/// `-`, as in error codes: `TooManyRequests`, `RESOURCE_EXHAUSTED`.
const PHRASES: [&str; 4] = [
    "too many requests",
    "rate limit",
    "throttl",
    "resource exhausted",
];

/// Matched in the same way, but only at the end of a word: "slow downstream" is no such request.
const WHOLE_PHRASE: &str = "slow down";

/// Too Many Requests (RFC 6585, section 4).
const STATUS: &[u8; 3] = b"429";

/// Whether `text` requests fewer calls.
pub(crate) fn says_throttled(text: &dyn fmt::Display) -> bool {
    let written = text_of(text);
    let text = written.as_bytes();
    (0..text.len()).any(|at| {
        begins_word(text, at) && begins_phrase(text, at) || message::is_status_at(text, at, STATUS)
    })
}

fn begins_phrase(text: &[u8], at: usize) -> bool {
    let rest = &text[at..];
    PHRASES.iter().any(|phrase| length(rest, phrase).is_some())
        || length(rest, WHOLE_PHRASE).is_some_and(|length| ends_word(text, at + length))
}

/// Returns the length of the phrase in `text`, if `text` begins with it.
fn length(text: &[u8], phrase: &str) -> Option<usize> {
    let mut at = 0;
    for letter in phrase.bytes() {
        match text.get(at) {
            Some(found) if found.eq_ignore_ascii_case(&letter) => at += 1,
            Some(b'_' | b'-') if letter == b' ' => at += 1,
            // The parts are written together.
            _ if letter == b' ' => {}
            _ => return None,
        }
    }
    Some(at)
}

/// Whether a word begins here: "corporate limit" has "rate limit" inside a word. A capital letter
/// may begin a word without a separator, as in error codes.
fn begins_word(text: &[u8], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|before| text[before]) else {
        return true;
    };
    let follows = text.get(at + 1).copied().unwrap_or_default();
    !before.is_ascii_alphabetic()
        || text[at].is_ascii_uppercase()
            && (before.is_ascii_lowercase() || follows.is_ascii_lowercase())
}

fn ends_word(text: &[u8], end: usize) -> bool {
    let Some(after) = text.get(end) else {
        return true;
    };
    !after.is_ascii_alphabetic() || after.is_ascii_uppercase() && text[end - 1].is_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_and_codes() {
        for text in [
            "429",
            "HTTP 429 Too Many Requests",
            "status: 429.",
            "too many requests",
            "TooManyRequestsException",
            "too_many_requests",
            "Rate limit exceeded",
            "rate-limited",
            "ratelimit",
            "APIRateLimitExceeded",
            "request was throttled",
            "ThrottlingException: slow",
            "EC2ThrottledException",
            "RequestThrottled",
            "Please slow down.",
            "SlowDown",
            "SlowDownException",
            "RESOURCE_EXHAUSTED",
            "code: ResourceExhausted",
        ] {
            assert!(says_throttled(&text), "{text:?}");
        }
        for text in [
            "",
            "connection reset by peer",
            "port 4290",
            "after 429 ms",
            "v1.429",
            "corporate limits",
            "CORPORATE LIMITS",
            "slow downstream service",
            "SLOW DOWNLOAD",
            "too many connections",
            "requests",
            "rat\u{e9} limit",
        ] {
            assert!(!says_throttled(&text), "{text:?}");
        }
    }
}
