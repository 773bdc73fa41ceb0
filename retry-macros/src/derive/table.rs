//! The table of words: one row drives a word.

use crate::derive::place::Place;
use crate::parse::spelling;

/// One word.
pub(super) struct Row {
    pub(super) word: &'static str,
    pub(super) takes: Takes,
    pub(super) stands: Stands,
    /// An example of the word.
    pub(super) example: &'static str,
    /// Names of the word in other libraries.
    aliases: &'static [&'static str],
}

/// The part after a word.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    Nothing,
    Field,
    Kind,
    Function,
    Advice,
    Crate,
}

/// The places where a word may stand.
#[derive(Clone, Copy)]
pub(super) enum Stands {
    /// On a variant, or on a struct.
    Case,
    /// Above an enum.
    Enum,
    /// On a struct, or above an enum.
    Type,
}

const WORDS: [Row; 10] = [
    Row::new(
        "retry",
        Takes::Nothing,
        Stands::Case,
        "retry",
        &["again", "retryable", "temporary", "transient"],
    ),
    Row::new(
        "stop",
        Takes::Nothing,
        Stands::Case,
        "stop",
        &["fatal", "final", "permanent", "terminal"],
    ),
    Row::new(
        "retry_after",
        Takes::Field,
        Stands::Case,
        "retry_after = field",
        &["after", "wait"],
    ),
    Row::new(
        "not_applied",
        Takes::Nothing,
        Stands::Case,
        "not_applied",
        &[],
    ),
    Row::new("not_asked", Takes::Nothing, Stands::Case, "not_asked", &[]),
    Row::new(
        "throttle",
        Takes::Nothing,
        Stands::Case,
        "throttle",
        &["throttled"],
    ),
    Row::new("kind", Takes::Kind, Stands::Case, "kind = \"quota\"", &[]),
    Row::new(
        "with",
        Takes::Function,
        Stands::Case,
        "with = path::to::function",
        &["function"],
    ),
    Row::new(
        "default",
        Takes::Advice,
        Stands::Enum,
        "default = stop",
        &[],
    ),
    Row::new(
        "crate",
        Takes::Crate,
        Stands::Type,
        "crate = ::retry_core",
        &[],
    ),
];

impl Row {
    const fn new(
        word: &'static str,
        takes: Takes,
        stands: Stands,
        example: &'static str,
        aliases: &'static [&'static str],
    ) -> Self {
        Self {
            word,
            takes,
            stands,
            example,
            aliases,
        }
    }
}

impl Stands {
    pub(super) fn at(self, place: Place) -> bool {
        match self {
            Self::Case => place != Place::Enum,
            Self::Enum => place == Place::Enum,
            Self::Type => place != Place::Variant,
        }
    }
}

pub(super) fn row(word: &str) -> Option<&'static Row> {
    WORDS.iter().find(|row| row.word == word)
}

/// Returns the message for an unknown word: the word that it probably stands for, else all words.
pub(super) fn unknown(word: &str, place: Place) -> String {
    if let Some(row) = WORDS.iter().find(|row| row.aliases.contains(&word)) {
        let meant = row.word;
        return format!("unknown word `{word}`; here it is called `{meant}`");
    }
    match spelling::meant(word, WORDS.iter().map(|row| row.word)) {
        Some(meant) => format!("unknown word `{word}`; did you mean `{meant}`?"),
        None => format!("unknown word `{word}`; the words are {}", listed(place)),
    }
}

/// Returns all words that may stand here.
pub(super) fn listed(place: Place) -> String {
    let here = WORDS.iter().filter(|row| row.stands.at(place));
    let examples: Vec<_> = here.map(|row| format!("`{}`", row.example)).collect();
    examples.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant() {
        for (word, message) in [
            (
                "transient",
                "unknown word `transient`; here it is called `retry`",
            ),
            ("retri", "unknown word `retri`; did you mean `retry`?"),
            (
                "not_aplied",
                "unknown word `not_aplied`; did you mean `not_applied`?",
            ),
        ] {
            assert_eq!(unknown(word, Place::Variant), message);
        }
        let all = unknown("zzz", Place::Enum);
        assert!(
            all.ends_with("the words are `default = stop`, `crate = ::retry_core`"),
            "{all}"
        );
    }

    #[test]
    fn aliases_are_no_words() {
        for alias in WORDS.iter().flat_map(|row| row.aliases) {
            assert!(row(alias).is_none(), "{alias}");
        }
    }

    #[test]
    fn examples_show_what_follows() {
        for row in &WORDS {
            assert!(row.example.starts_with(row.word), "{}", row.example);
            let is_alone = row.takes == Takes::Nothing;
            assert_eq!(row.example == row.word, is_alone, "{}", row.example);
        }
    }
}
