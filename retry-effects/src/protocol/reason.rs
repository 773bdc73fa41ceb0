//! [`Reason`]: why an action is in doubt, for the person who settles it.

use std::fmt::{self, Display};
use std::sync::Arc;

use retry_core::__private::redacted_text;

use crate::protocol::payload::Payload;
use crate::protocol::plain::plain;

/// Why an action is in doubt: most often the text of the error that its last attempt of unknown effect
/// ended with.
///
/// It is for the person who settles the record, and decides nothing. It has at most
/// [`LONGEST`](Self::LONGEST) bytes; a longer text is cut at a character and ends with `…`. Control
/// characters are escaped. URLs lose user, password, query and fragment, and the hook of
/// [`redact_with`](retry_core::redact_with) removes more. The gate adds no arguments and no results;
/// what an error prints by itself stays.
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
/// // What a store is told of a claim whose end nobody knows.
/// let outcome = Outcome::in_doubt(Some(reason));
/// assert!(matches!(outcome, Outcome::InDoubt { applied: false, .. }));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Reason(Arc<str>);

impl Reason {
    /// The most bytes that a reason has: 1,000.
    pub const LONGEST: usize = 1_000;

    /// What `text` displays, made fit to be kept and shown. An empty text becomes `no text`.
    #[must_use]
    pub fn new(text: impl Display) -> Self {
        // Cut last: a part of a URL has lost what tells its secrets from the rest.
        let mut text = plain(&redacted_text(&text));
        if text.is_empty() {
            text.push_str("no text");
        }
        Self(cut(text, Self::LONGEST).into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which stores keep it beside results. No reader takes it for a result: it stands in
    /// records in doubt only, and says what it is.
    pub(crate) fn to_payload(&self) -> Payload {
        Payload::new(serde_json::json!({ KEY: self.as_str() }).to_string())
    }

    /// The reason that a record in doubt keeps; `None` for anything else.
    pub(crate) fn from_payload(payload: &Payload) -> Option<Self> {
        let kept: serde_json::Value = serde_json::from_str(payload.json()).ok()?;
        // Made anew: the record may have been written by anybody.
        kept.get(KEY)?.as_str().map(Self::new)
    }

    /// At most `most` bytes of it.
    pub(crate) fn short(&self, most: usize) -> String {
        cut(self.as_str().to_owned(), most)
    }
}

/// The name of the reason in what stores keep.
const KEY: &str = "reason";

/// A text of at most `most` bytes: a longer one is cut at a character, and says so.
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
        // What is escaped counts as it is written.
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
        // The part of it that is kept ends before the password would.
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
