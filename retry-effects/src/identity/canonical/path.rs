//! One level of the path in an error.

use std::fmt;

use super::text;
use super::text::Name;
use crate::identity::error::ActionIdError;

/// A key or a variant, written as in code: `.name`, or `["two words"]`.
pub(super) struct PathStep {
    /// Escaped, so that no payload can forge a log line.
    name: String,
}

impl PathStep {
    /// Returns the step to an entry, from its key as written.
    #[cold]
    pub(super) fn entry(written_key: &[u8]) -> Self {
        Self {
            name: String::from_utf8_lossy(written_key).into_owned(),
        }
    }

    /// Returns the step to the data of an enum's variant.
    #[cold]
    pub(super) fn variant(variant: Name) -> Self {
        let mut name = Vec::new();
        text::escape(&mut name, variant);
        Self::entry(&name)
    }

    /// Adds the variant's step to `error`, if there is a variant.
    #[cold]
    pub(super) fn out_of(variant: Option<Name>, error: ActionIdError) -> ActionIdError {
        match variant {
            Some(variant) => error.within(Self::variant(variant)),
            None => error,
        }
    }
}

impl fmt::Display for PathStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_str();
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let is_identifier =
            name.bytes().all(is_word) && name.bytes().next().is_some_and(|b| !b.is_ascii_digit());
        if is_identifier {
            write!(f, ".{name}")
        } else {
            write!(f, "[\"{name}\"]")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_follow_a_point_and_others_stand_in_brackets() {
        for (name, shown) in [
            ("order_id2", ".order_id2"),
            ("_", "._"),
            ("", r#"[""]"#),
            ("2nd", r#"["2nd"]"#),
            ("unit price", r#"["unit price"]"#),
            ("a\"b\n", r#"["a\"b\n"]"#),
            ("é", r#"["\u00e9"]"#),
        ] {
            assert_eq!(PathStep::variant(name).to_string(), shown);
        }
    }
}
