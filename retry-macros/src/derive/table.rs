//! The table of words: one row drives a word.

use crate::derive::place::Place;
use crate::parse::spelling;

/// One word.
pub(super) struct WordRow {
    pub(super) word: &'static str,
    pub(super) takes: ValueKind,
    pub(super) stands: AllowedAt,
    /// An example of the word.
    pub(super) example: &'static str,
    /// Names of the word in other libraries.
    aliases: &'static [&'static str],
}

/// The part after a word.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum ValueKind {
    Nothing,
    Field,
    Kind,
    Function,
    Advice,
    Crate,
}

/// The places where a word may stand.
#[derive(Clone, Copy)]
pub(super) enum AllowedAt {
    /// On a variant, or on a struct.
    Case,
    /// Above an enum.
    Enum,
    /// On a struct, or above an enum.
    Type,
}

const WORDS: [WordRow; 10] = [
    WordRow::new(
        "retry",
        ValueKind::Nothing,
        AllowedAt::Case,
        "retry",
        &["again", "retryable", "temporary", "transient"],
    ),
    WordRow::new(
        "stop",
        ValueKind::Nothing,
        AllowedAt::Case,
        "stop",
        &["fatal", "final", "permanent", "terminal"],
    ),
    WordRow::new(
        "retry_after",
        ValueKind::Field,
        AllowedAt::Case,
        "retry_after = field",
        &["after", "wait"],
    ),
    WordRow::new(
        "not_applied",
        ValueKind::Nothing,
        AllowedAt::Case,
        "not_applied",
        &[],
    ),
    WordRow::new(
        "not_asked",
        ValueKind::Nothing,
        AllowedAt::Case,
        "not_asked",
        &[],
    ),
    WordRow::new(
        "throttle",
        ValueKind::Nothing,
        AllowedAt::Case,
        "throttle",
        &["throttled"],
    ),
    WordRow::new(
        "kind",
        ValueKind::Kind,
        AllowedAt::Case,
        "kind = \"quota\"",
        &[],
    ),
    WordRow::new(
        "with",
        ValueKind::Function,
        AllowedAt::Case,
        "with = path::to::function",
        &["function"],
    ),
    WordRow::new(
        "default",
        ValueKind::Advice,
        AllowedAt::Enum,
        "default = stop",
        &[],
    ),
    WordRow::new(
        "crate",
        ValueKind::Crate,
        AllowedAt::Type,
        "crate = ::retry_core",
        &[],
    ),
];

impl WordRow {
    const fn new(
        word: &'static str,
        takes: ValueKind,
        stands: AllowedAt,
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

impl AllowedAt {
    pub(super) fn at(self, place: Place) -> bool {
        match self {
            Self::Case => place != Place::Enum,
            Self::Enum => place == Place::Enum,
            Self::Type => place != Place::Variant,
        }
    }
}

pub(super) fn row(word: &str) -> Option<&'static WordRow> {
    WORDS.iter().find(|row| row.word == word)
}

/// Returns the message for an unknown word: the word that it probably stands for, else all words.
pub(super) fn unknown(word: &str, place: Place) -> String {
    if let Some(row) = WORDS.iter().find(|row| row.aliases.contains(&word)) {
        let meant = row.word;
        return format!("unknown word `{word}`; here it is called `{meant}`");
    }
    match spelling::suggestion(word, WORDS.iter().map(|row| row.word)) {
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
            let is_alone = row.takes == ValueKind::Nothing;
            assert_eq!(row.example == row.word, is_alone, "{}", row.example);
        }
    }
}
