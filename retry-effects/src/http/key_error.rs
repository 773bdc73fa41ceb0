//! [`KeyError`]: the reason why a request has no idempotency key.

use retry_core::{Answer, Classify, Judgement, recognize};

/// The reason why a request has no idempotency key. Nothing was sent, and another attempt would fail the same
/// way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The label is empty.
    #[error("the label of an idempotency key is empty")]
    EmptyLabel,
    /// The label is longer than 255 bytes.
    #[error("the label of an idempotency key has {length} bytes; it must have at most 255")]
    #[non_exhaustive]
    LongLabel {
        /// Its length in bytes.
        length: usize,
    },
    /// The label has a control character.
    #[error(
        "the label of an idempotency key has the control character U+{:04X} at byte {at}; it must have none",
        u32::from(*.character)
    )]
    #[non_exhaustive]
    ControlCharacter {
        /// The character.
        character: char,
        /// Its position in bytes, from 0.
        at: usize,
    },
    /// Nothing identifies the call: it has no gate, or the request is made by a task that the body has spawned
    /// without [`in_current_scope`](crate::in_current_scope). Each attempt would have another key.
    #[error(
        "nothing identifies the call of this idempotency key, and each attempt would have another one: make the call \
         `idempotent = true`, or put `retry_effects::http::with_request_keys` around the retried call; a spawned task \
         needs `in_current_scope`"
    )]
    NotStable,
}

impl KeyError {
    /// Makes the error known in source chains.
    pub(super) fn recognized(self) -> Self {
        recognize::<Self>();
        self
    }
}

impl Classify for KeyError {
    fn classify(&self) -> Judgement {
        Judgement::stop()
            .step_not_applied()
            .with_kind("idempotency_key")
            .with_answer(Answer::NotAsked)
    }

    fn as_error(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self)
    }
}
