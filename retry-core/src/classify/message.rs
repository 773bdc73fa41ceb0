//! Classification by text: messages which state that another attempt would fail the same way.
//!
//! The rule is that of *nodus-retry*, made exact for numbers: a message is final if it contains one of
//! [`FINAL_PHRASES`], in any case, or one of [`FINAL_STATUSES`] as a separate number.

use std::fmt::{self, Write};

use super::judgement::Verdict;

/// Phrases that make a message final, in lower case.
const FINAL_PHRASES: [&str; 8] = [
    "permission",
    "unauthorized",
    "forbidden",
    "not found",
    "invalid",
    "blocked by policy",
    "authentication",
    "validation",
];

/// HTTP statuses that make a message final if they stand as separate numbers.
const FINAL_STATUSES: [&[u8; 3]; 5] = [b"400", b"401", b"403", b"404", b"422"];

/// Units that make the number before them a quantity, not a status: "after 400 ms".
const UNITS: &str = "ns us µs μs ms s sec secs second seconds usec usecs msec msecs millis millisecond \
    milliseconds microsecond microseconds nanosecond nanoseconds m min mins minute \
    minutes h hr hrs hour hours d day days week weeks b byte bytes kb mb gb tb kib mib \
    gib row rows times attempts tries retries requests connections";

/// Longest run of bytes that one decision needs: a phrase, or a status with the unit after it, and the
/// character before.
const REACH: usize = 32;

/// Whether another attempt may succeed, judged by the message.
///
/// `false` for a message that contains (in any case) `permission`, `unauthorized`, `forbidden`, `not
/// found`, `invalid`, `blocked by policy`, `authentication` or `validation`, or one of the numbers 400,
/// 401, 403, 404, 422 as a separate number: not next to a letter, a digit or a decimal point (a full
/// stop at the end of a sentence is allowed), and not before a unit. `true` for everything else, the
/// empty text included.
///
/// ```
/// use retry_core::is_retryable_error;
///
/// assert!(is_retryable_error("connection reset by peer"));
/// assert!(is_retryable_error("no answer from port 4040 after 400 ms"));
/// assert!(!is_retryable_error("HTTP 404"));
/// assert!(!is_retryable_error("Permission denied"));
/// ```
#[must_use]
pub fn is_retryable_error(text: &str) -> bool {
    !is_final(text.as_bytes(), 0, text.len())
}

/// Returns the verdict on the `Display` output of `text`, without allocating: [`Verdict::Stop`] where
/// [`is_retryable_error`] is false, else [`Verdict::Retry`].
pub(crate) fn verdict_on(text: &dyn fmt::Display) -> Verdict {
    let mut window = Window {
        bytes: [0; WINDOW],
        filled: 0,
        scanned: 0,
        is_final: false,
    };
    // A `Display` that fails has no more text; the text so far decides.
    let _ = write!(window, "{text}");
    window.finish()
}

const WINDOW: usize = 256;

/// A sliding window over a text that arrives in pieces.
struct Window {
    bytes: [u8; WINDOW],
    filled: usize,
    /// Start of the next scan: the bytes before it are judged and stay only as context.
    scanned: usize,
    is_final: bool,
}

impl Window {
    fn finish(mut self) -> Verdict {
        self.scan(self.filled);
        Verdict::from(!self.is_final)
    }

    fn scan(&mut self, end: usize) {
        let text = &self.bytes[..self.filled];
        self.is_final |= is_final(text, self.scanned, end);
        self.scanned = end;
    }

    /// Judges all but the tail, in which a phrase may begin, and moves the tail to the front with the
    /// bytes of context before it.
    fn slide(&mut self) {
        self.scan(self.filled - REACH);
        let keep = self.scanned - REACH;
        self.bytes.copy_within(keep..self.filled, 0);
        self.filled -= keep;
        self.scanned -= keep;
    }
}

impl Write for Window {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let mut rest = piece.as_bytes();
        loop {
            let room = (WINDOW - self.filled).min(rest.len());
            self.bytes[self.filled..self.filled + room].copy_from_slice(&rest[..room]);
            self.filled += room;
            rest = &rest[room..];
            if rest.is_empty() {
                return Ok(());
            }
            self.slide();
        }
    }
}

/// Whether a final phrase or status begins in `text[start..end]`; it may extend past `end`.
fn is_final(text: &[u8], start: usize, end: usize) -> bool {
    let mut at = start;
    loop {
        // Most characters begin nothing: they are skipped in a few instructions each.
        let Some(ahead) = text[at..end]
            .iter()
            .position(|byte| BEGINS[usize::from(*byte)])
        else {
            return false;
        };
        at += ahead;
        let found = match text[at] | 0x20 {
            b'p' => starts_with(text, at, FINAL_PHRASES[0]),
            b'u' => starts_with(text, at, FINAL_PHRASES[1]),
            b'f' => starts_with(text, at, FINAL_PHRASES[2]),
            b'n' => starts_with(text, at, FINAL_PHRASES[3]),
            b'i' => starts_with(text, at, FINAL_PHRASES[4]),
            b'b' => starts_with(text, at, FINAL_PHRASES[5]),
            b'a' => starts_with(text, at, FINAL_PHRASES[6]),
            b'v' => starts_with(text, at, FINAL_PHRASES[7]),
            b'4' => is_status(text, at),
            _ => false,
        };
        if found {
            return true;
        }
        at += 1;
    }
}

/// The bytes with which a final phrase or status can begin.
const BEGINS: [bool; 256] = {
    let mut begins = [false; 256];
    begins[b'4' as usize] = true;
    let mut at = 0;
    while at < FINAL_PHRASES.len() {
        let first = FINAL_PHRASES[at].as_bytes()[0];
        begins[first as usize] = true;
        begins[first.to_ascii_uppercase() as usize] = true;
        at += 1;
    }
    begins
};

fn starts_with(text: &[u8], at: usize, phrase: &str) -> bool {
    let phrase = phrase.as_bytes();
    // The second letter rules out nearly every candidate before the full comparison.
    text.get(at + 1)
        .is_some_and(|next| next | 0x20 == phrase[1])
        && text
            .get(at..at + phrase.len())
            .is_some_and(|found| found.eq_ignore_ascii_case(phrase))
}

fn is_status(text: &[u8], at: usize) -> bool {
    FINAL_STATUSES
        .iter()
        .any(|status| is_status_at(text, at, status))
}

/// Whether `status` stands at this place as a separate number.
pub(crate) fn is_status_at(text: &[u8], at: usize, status: &[u8; 3]) -> bool {
    if text.get(at..at + 3) != Some(status) {
        return false;
    }
    let (before, after) = (&text[..at], &text[at + 3..]);
    let joined = |char: char| char.is_alphanumeric() || char == '.';
    if last_char(before).is_some_and(joined) {
        return false;
    }
    match first_char(after) {
        Some('.') => !first_char(&after[1..]).is_some_and(char::is_alphanumeric),
        Some(next) if next.is_alphanumeric() => false,
        Some('%') => false,
        _ => !is_before_unit(after),
    }
}

/// Whether the first word of `after` is a unit.
fn is_before_unit(after: &[u8]) -> bool {
    let spaces = |rest: &&[u8]| first_char(rest).filter(|next| next.is_whitespace());
    let mut word = after;
    while let Some(space) = spaces(&word) {
        word = &word[space.len_utf8()..];
    }
    if word.len() == after.len() {
        return false;
    }
    let letters = |byte: &u8| byte.is_ascii_alphabetic() || !byte.is_ascii();
    let end = word
        .iter()
        .position(|byte| !letters(byte))
        .unwrap_or(word.len());
    UNITS
        .split(' ')
        .any(|unit| word[..end].eq_ignore_ascii_case(unit.as_bytes()))
}

fn first_char(bytes: &[u8]) -> Option<char> {
    valid_prefix(&bytes[..bytes.len().min(4)]).chars().next()
}

fn last_char(bytes: &[u8]) -> Option<char> {
    let start = (0..bytes.len())
        .rev()
        .take(4)
        .find(|&at| bytes[at] & 0xC0 != 0x80)?;
    valid_prefix(&bytes[start..]).chars().next()
}

/// Returns the bytes up to a character that the window cuts.
fn valid_prefix(bytes: &[u8]) -> &str {
    match str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINAL: [&str; 24] = [
        "Permission denied",
        "401 Unauthorized",
        "forbidden",
        "user NOT FOUND",
        "invalid argument",
        "Blocked By Policy",
        "authentication failed",
        "validation error",
        "400",
        "status: 403",
        "HTTP 404",
        "(422)",
        "got 404.",
        "got 404. Giving up",
        "got 404...",
        "\"404.\"",
        "code=400, retry",
        "http_401_",
        "→404←",
        "400\u{20ac}",
        "404 smurfs",
        "was 400, then 400 ms",
        "400 ms, then 400",
        "iinvalid",
    ];

    const RETRYABLE: [&str; 23] = [
        "",
        "connection reset by peer",
        "port 4040",
        "4010 rows",
        "after 400 ms",
        "after 400ms",
        "after 400  ms",
        "after 400\tms",
        "after 400\u{a0}ms",
        "after 400 retries",
        "400 SECONDS",
        "waited 400 µs",
        "v1.404",
        "404.5",
        "404.html",
        "10.0.0.404",
        "x404",
        "é404",
        "404é",
        "14040",
        "500 Internal Server Error",
        "429 too many requests",
        "at 400%",
    ];

    #[test]
    fn words_and_numbers() {
        for text in FINAL {
            assert!(!is_retryable_error(text), "{text:?} is final");
        }
        for text in RETRYABLE {
            assert!(is_retryable_error(text), "{text:?} is retryable");
        }
    }

    /// Displays its text in pieces of `piece` bytes (or up to the next character boundary), after `pad`.
    struct Pieces<'a>(&'a str, usize, usize);

    impl fmt::Display for Pieces<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            for _ in 0..self.2 {
                f.write_str("-")?;
            }
            let mut rest = self.0;
            while !rest.is_empty() {
                let cut = (self.1..).find(|&at| rest.is_char_boundary(at.min(rest.len())));
                let (piece, tail) = rest.split_at(cut.unwrap_or(rest.len()).min(rest.len()));
                f.write_str(piece)?;
                rest = tail;
            }
            Ok(())
        }
    }

    fn is_retryable_display(text: &dyn fmt::Display) -> bool {
        verdict_on(text) != Verdict::Stop
    }

    #[test]
    fn displayed_in_any_pieces_at_any_offset() {
        for pad in (0..=1).chain(200..300).chain(440..500) {
            for piece in [1, 3, 1000] {
                for text in FINAL {
                    assert!(
                        !is_retryable_display(&Pieces(text, piece, pad)),
                        "{text:?} at {pad}"
                    );
                }
                for text in RETRYABLE {
                    assert!(
                        is_retryable_display(&Pieces(text, piece, pad)),
                        "{text:?} at {pad}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_unit_at_the_edge_of_the_window_is_still_seen() {
        for pad in 180..300 {
            let text = format!("{}400 milliseconds {}", " ".repeat(pad), "x".repeat(300));
            assert!(is_retryable_display(&text), "pad {pad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn text_and_display_agree(text in "(4|0|1|2|3| |\\.|m|s|not found|invalid|é|\\PC){0,400}") {
            proptest::prop_assert_eq!(is_retryable_error(&text), is_retryable_display(&text));
        }
    }
}
