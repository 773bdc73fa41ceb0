//! Names and texts in the form that SQL takes.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use crate::protocol::store_error::StoreError;

/// The name of a schema, valid and quoted where it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SchemaName(String);

/// Postgres truncates longer names, and two stores would become one.
const LONGEST: usize = 63;

impl SchemaName {
    pub(super) fn new(name: &str) -> Result<Self, StoreError> {
        let refused = |why: String| Err(StoreError::misconfigured(why));
        if name.is_empty() || name.len() > LONGEST {
            let length = name.len();
            return refused(format!(
                "the schema name {name:?} has {length} bytes; it must have from 1 to {LONGEST}"
            ));
        }
        if name.contains('\0') {
            return refused(format!("the schema name {name:?} must not contain U+0000"));
        }
        Ok(Self(name.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns an identifier, always in quotes.
    pub(super) fn quoted(&self) -> String {
        format!("\"{}\"", self.0.replace('"', "\"\""))
    }

    /// Returns the channel of its notifications: short enough for the server, whatever the name.
    pub(super) fn channel(&self) -> String {
        format!("retry_effects_{:016x}", self.number())
    }

    /// Returns the advisory lock for making its tables.
    pub(super) fn lock(&self) -> i64 {
        i64::from_ne_bytes(self.number().to_ne_bytes())
    }

    fn number(&self) -> u64 {
        let mut hash = Sha256::new();
        hash.update(b"retry-effects ");
        hash.update(&self.0);
        let digest = hash.finalize();
        let first = digest.first_chunk::<8>();
        u64::from_be_bytes(*first.expect("a digest has 32 bytes"))
    }
}

/// Returns a text that Postgres can hold, whose texts have no U+0000.
pub(super) fn escaped(text: &str) -> Cow<'_, str> {
    if text.contains(['\0', '\\']) {
        Cow::Owned(text.replace('\\', "\\\\").replace('\0', "\\0"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Returns the text that [`escaped`] was given.
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut read = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.next() == Some('0') => read.push('\0'),
            letter => read.push(letter),
        }
    }
    Cow::Owned(read)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_come_back() {
        for text in [
            "",
            "plain",
            "\0",
            "\\",
            "\\0",
            "a\\\0\\\\0b",
            "\\\\",
            "Grüße\0",
        ] {
            let stored = escaped(text);
            assert!(!stored.contains('\0'), "{stored:?}");
            assert_eq!(unescaped(&stored), text);
        }
    }

    #[test]
    fn names_are_quoted() {
        let name = SchemaName::new("a\"b'c\\").expect("a name");
        assert_eq!(name.quoted(), "\"a\"\"b'c\\\"");
    }

    #[test]
    fn names_that_the_server_would_cut_are_refused() {
        assert!(SchemaName::new(&"n".repeat(63)).is_ok());
        for name in [String::new(), "n".repeat(64), "a\0".to_owned()] {
            assert!(SchemaName::new(&name).is_err(), "{name:?}");
        }
    }

    #[test]
    fn schemas_have_channels_and_locks_of_their_own() {
        let [one, other] = ["one", "other"].map(|name| SchemaName::new(name).expect("a name"));
        assert_ne!(one.channel(), other.channel());
        assert_ne!(one.lock(), other.lock());
        assert!(one.channel().len() < LONGEST);
    }
}
