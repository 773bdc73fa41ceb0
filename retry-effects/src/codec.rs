//! How results and errors are written and read: JSON, of the function's own types.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::effect_error::EffectError;
use crate::record::{FORMAT, Payload};

/// A result that can be recorded and replayed.
#[diagnostic::on_unimplemented(
    message = "the result of an `idempotent` function is recorded and replayed: `{Self}` must be \
               `Serialize` and `DeserializeOwned`",
    label = "cannot be recorded and replayed",
    note = "derive `serde::Serialize` and `serde::Deserialize` for `{Self}`, or return a part of it that has them"
)]
pub trait Recordable: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Recordable for T {}

/// An error type that can carry what the gate says.
#[diagnostic::on_unimplemented(
    message = "`idempotent` needs an error type that can hold `retry_effects::EffectError`",
    label = "`{Self}` does not implement `From<EffectError>`",
    note = "the gate has errors of its own: implement `From<retry_effects::EffectError>` for \
            `{Self}`, for instance with a variant `#[error(\"{{0}}\")] Effect(#[from] EffectError)`"
)]
pub trait HoldsEffectError: From<EffectError> {}

#[diagnostic::do_not_recommend]
impl<E: From<EffectError>> HoldsEffectError for E {}

/// Whether a call's final errors are recorded and replayed.
pub trait ErrorCodec<E>: Copy {
    /// The error's form, if it is one to record.
    fn encode(self, error: &E) -> Option<Payload>;

    /// The recorded error, if this is one that reads errors.
    fn decode(self, payload: &Payload) -> Option<Result<E, Option<serde_json::Error>>>;
}

/// A failed action is free to run again.
#[derive(Clone, Copy, Debug)]
pub struct ErrorsReleased;

/// A final error is recorded, and what later calls return.
#[derive(Clone, Copy, Debug)]
pub struct ErrorsReplayed;

impl<E> ErrorCodec<E> for ErrorsReleased {
    fn encode(self, _: &E) -> Option<Payload> {
        None
    }

    fn decode(self, _: &Payload) -> Option<Result<E, Option<serde_json::Error>>> {
        None
    }
}

impl<E: Serialize + DeserializeOwned> ErrorCodec<E> for ErrorsReplayed {
    fn encode(self, error: &E) -> Option<Payload> {
        encode(error).ok()
    }

    fn decode(self, payload: &Payload) -> Option<Result<E, Option<serde_json::Error>>> {
        Some(decode(payload))
    }
}

/// Why a payload does not read as a type: `None` where its form is of a newer version.
pub(crate) type NotDecoded = Option<serde_json::Error>;

pub(crate) fn encode(value: &(impl Serialize + ?Sized)) -> serde_json::Result<Payload> {
    serde_json::to_string(value).map(Payload::new)
}

pub(crate) fn decode<T: DeserializeOwned>(payload: &Payload) -> Result<T, NotDecoded> {
    if payload.format() > FORMAT {
        return Err(None);
    }
    serde_json::from_str(payload.json()).map_err(Some)
}
