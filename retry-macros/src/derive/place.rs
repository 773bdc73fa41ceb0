//! The place of a `#[classify(..)]`.

/// The item that the attribute stands on.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Variant,
    Struct,
    Enum,
}

impl Place {
    /// Returns the message for a word that does not belong here.
    pub(super) fn refusal(self, word: &str) -> String {
        match (self, word) {
            (Self::Variant, _) => {
                format!("`{word}` stands above the enum, not on a variant of it")
            }
            (Self::Struct, _) => {
                "`default` is for the variants of an enum; on a struct write `retry` or `stop` itself"
                    .to_owned()
            }
            (Self::Enum, "retry" | "stop") => format!(
                "`{word}` stands on a variant; for all variants that state no advice and hold no error \
                 write `default = {word}`"
            ),
            (Self::Enum, _) => format!(
                "`{word}` stands on each variant that it is true of; above an enum stand only `default` and \
                 `crate`"
            ),
        }
    }
}
