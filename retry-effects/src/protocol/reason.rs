//! [`Reason`]: the reason why an action is in doubt, for the operator who settles it.

use std::fmt::{self, Display};
use std::sync::Arc;

use retry_core::__private::redacted_text;

use crate::protocol::payload::Payload;
use crate::protocol::plain::plain;

/// The reason why an action is in doubt: usually the text of the error that ended its last attempt
/// of unknown effect, with the texts of its sources.
///
/// It informs the operator who settles the record, and decides nothing. It has at most
/// [`LONGEST`](Self::LONGEST) bytes; a longer text is cut at a character and ends with `…`. Control
/// characters are escaped. URLs lose user, password, query and fragment, and the hook of
/// [`redact_with`](retry_core::redact_with) removes more. The gate adds no arguments and no results; an
/// error's own text stays.
///
/// # Examples
///
/// ```
/// use retry_effects::{Outcome, Reason};
///
/// let reason = Reason::new("no answer\nfrom the bank");
/// assert_eq!(reason.as_str(), r"no answer\u{a}from the bank");
///
/// let long = Reason::new("é".repeat(1000));
/// assert!(long.as_str().len() <= Reason::LONGEST && long.as_str().ends_with("é…"));
///
/// // The outcome that a store gets for a claim whose end is unknown.
/// let outcome = Outcome::in_doubt(Some(reason));
/// assert!(matches!(outcome, Outcome::InDoubt { applied: false, .. }));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Reason(Arc<str>);

impl Reason {
    /// The maximum length of a reason: 1,000 bytes.
    pub const LONGEST: usize = 1_000;

    /// Returns the display text of `text`, sanitized and shortened. An empty text becomes `no text`.
    #[must_use]
    pub fn new(text: impl Display) -> Self {
        // Cut last: a part of a URL has lost the marks that separate its secrets from the rest.
        let mut text = plain(&redacted_text(&text));
        if text.is_empty() {
            text.push_str("no text");
        }
        Self(cut(text, Self::LONGEST).into())
    }

    /// Returns the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the form in which stores keep it beside results. No reader takes it for a result:
    /// only records in doubt have it, and its key identifies it.
    pub(crate) fn to_payload(&self) -> Payload {
        Payload::new(serde_json::json!({ KEY: self.as_str() }).to_string())
    }

    /// Returns the reason in a record in doubt; `None` for any other payload.
    pub(crate) fn from_payload(payload: &Payload) -> Option<Self> {
        let kept: serde_json::Value = serde_json::from_str(payload.json()).ok()?;
        // Sanitized again: any program may have written the record.
        kept.get(KEY)?.as_str().map(Self::new)
    }

    /// Returns at most `most` bytes of it.
    pub(crate) fn short(&self, most: usize) -> String {
        cut(self.as_str().to_owned(), most)
    }
}

/// The name of the reason in the stored form.
const KEY: &str = "reason";

/// Returns at most `most` bytes of the text: a longer one is cut at a character and marked.
fn cut(mut text: String, most: usize) -> String {
    const SIGN: char = '…';
    if text.len() > most {
        let mut end = most.saturating_sub(SIGN.len_utf8());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push(SIGN);
    }
    text
}

impl Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        for width in [1, 2, 3, 4] {
            let char = ['x', 'é', '収', '🦀'][width - 1];
            for pad in 0..4 {
                let text = "-".repeat(pad) + &char.to_string().repeat(1_000);
                let reason = Reason::new(&text);
                let kept = reason.as_str();
                if text.len() <= Reason::LONGEST {
                    assert_eq!(kept, text);
                    continue;
                }
                let (begin, end) = kept.split_at(kept.len() - '…'.len_utf8());
                assert!(text.starts_with(begin) && end == "…", "{kept}");
                assert!(
                    kept.len() <= Reason::LONGEST && kept.len() + width > Reason::LONGEST,
                    "{}",
                    kept.len()
                );
            }
        }
        // Escaped characters count in their escaped length.
        let reason = Reason::new("\u{1b}".repeat(400));
        assert!(reason.as_str().len() <= Reason::LONGEST);
        assert!(reason.as_str().starts_with(r"\u{1b}\u{1b}"));
    }

    #[test]
    fn secrets_of_urls_are_not_kept() {
        let url = "no answer from https://me:secret@bank/charge?key=secret#top, after 1 s";
        assert_eq!(
            Reason::new(url).as_str(),
            "no answer from https://…@bank/charge?…#…, after 1 s"
        );
        // The part that is kept ends before the end of the password.
        let long = format!("{}{url}", "-".repeat(Reason::LONGEST - 35));
        assert!(!Reason::new(long).as_str().contains("secret"));
    }

    #[test]
    fn a_reason_comes_back_as_it_was_and_nothing_else_is_one() {
        let url = "no answer from https://bank/charge?key=1, after 1 s";
        let crabs = "🦀".repeat(999);
        for text in ["", "reset", "a \"quote\" \\ and\0more\n", url, &crabs] {
            let reason = Reason::new(text);
            let kept = reason.to_payload();
            assert_eq!(Reason::from_payload(&kept), Some(reason.clone()), "{text}");
            assert_eq!(Reason::new(&reason), reason);
        }
        for json in [
            "",
            "null",
            "7",
            r#""reset""#,
            r#"{"reason":7}"#,
            r#"{"receipt":7}"#,
        ] {
            assert_eq!(Reason::from_payload(&Payload::new(json)), None, "{json}");
        }
    }

    #[test]
    fn a_display_that_fails_is_kept_as_far_as_it_got() {
        struct Breaks;

        impl Display for Breaks {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("half")?;
                Err(fmt::Error)
            }
        }

        assert_eq!(Reason::new(Breaks).as_str(), "half");
    }
}
