//! The requirements on a function's types, and their encoding.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::encoding::{NotDecoded, decode, encode};
use crate::gate::error::EffectError;
use crate::identity::action_id::ActionId;
use crate::protocol::payload::Payload;
use crate::protocol::record::Finished;

/// A result that can be recorded and replayed.
#[diagnostic::on_unimplemented(
    message = "the result of an `idempotent` function is recorded and replayed: `{Self}` must be \
               `Serialize` and `DeserializeOwned`",
    label = "cannot be recorded and replayed",
    note = "derive `serde::Serialize` and `serde::Deserialize` for `{Self}`, or return an owned \
            value that has them"
)]
pub trait Recordable: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Recordable for T {}

/// An error type that can hold the gate's errors.
#[diagnostic::on_unimplemented(
    message = "`idempotent` needs an error type that can hold `retry_effects::EffectError`",
    label = "`{Self}` does not implement `From<EffectError>`",
    note = "the gate has its own errors: implement `From<retry_effects::EffectError>` for \
            `{Self}`, for instance with a variant `#[error(\"{{0}}\")] Effect(#[from] EffectError)`"
)]
pub trait HoldsEffectError: From<EffectError> {}

#[diagnostic::do_not_recommend]
impl<E: From<EffectError>> HoldsEffectError for E {}

/// An error that can be recorded and replayed.
#[diagnostic::on_unimplemented(
    message = "`replay_errors` records errors: `{Self}` must be `Serialize` and `DeserializeOwned`",
    label = "cannot be recorded and replayed",
    note = "derive `serde::Serialize` and `serde::Deserialize` for `{Self}`, or leave `replay_errors` \
            out: then a failed action is free to run again"
)]
pub trait Replayable: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<E: Serialize + DeserializeOwned> Replayable for E {}

/// The type of a function's outcome: `Result<T, E>`, or an alias of it.
#[diagnostic::on_unimplemented(
    message = "a retry attribute needs a function that returns a `Result`, and `{Self}` is none",
    label = "not a `Result`",
    note = "a retried function must be able to fail: return `Result<{Self}, E>`"
)]
pub trait ResultType {
    /// The type of its result.
    type Ok;
    /// The type of its error.
    type Err;
}

impl<T, E> ResultType for Result<T, E> {
    type Ok = T;
    type Err = E;
}

/// The encoder and decoder of a type's results.
///
/// Functions and not traits: the code after the place that requests them accepts any type, so the
/// compiler reports an unsuitable type only at that place.
#[derive(Debug)]
pub struct Results<T> {
    pub(crate) encode: fn(&T) -> serde_json::Result<Payload>,
    pub(crate) decode: fn(&Payload) -> Result<T, NotDecoded>,
}

impl<T> Results<T> {
    /// Returns the recorded result.
    pub(crate) fn replayed(
        &self,
        name: &str,
        id: ActionId,
        finished: &Finished,
    ) -> Result<T, EffectError> {
        (self.decode)(&finished.payload).map_err(|source| EffectError::NotDecoded {
            action_type: name.into(),
            id,
            format: finished.payload.format(),
            source,
        })
    }
}

/// Returns the encoder and decoder of the results of a function that returns `R`.
#[must_use]
pub fn results<R: ResultType>() -> Results<R::Ok>
where
    R::Ok: Recordable,
{
    Results {
        encode: encode::<R::Ok>,
        decode: decode::<R::Ok>,
    }
}

/// The conversion of the gate's errors to an error type, and whether final errors are recorded.
#[derive(Debug)]
pub struct Errors<E> {
    pub(crate) of: fn(EffectError) -> E,
    /// Returns the form of an error that is to be recorded.
    pub(crate) encode: fn(&E) -> Option<Payload>,
    /// Decodes a recorded error, if errors are replayed.
    pub(crate) decode: fn(&Payload) -> Option<Result<E, NotDecoded>>,
}

/// Returns the conversion for a function that returns `R`: no error is recorded.
#[must_use]
pub fn errors<R: ResultType>() -> Errors<R::Err>
where
    R::Err: HoldsEffectError,
{
    Errors {
        of: R::Err::from,
        encode: |_| None,
        decode: |_| None,
    }
}

/// Returns the conversion for a function that returns `R`: final errors are recorded, and replayed.
#[must_use]
pub fn errors_replayed<R: ResultType>() -> Errors<R::Err>
where
    R::Err: HoldsEffectError + Replayable,
{
    Errors {
        of: R::Err::from,
        encode: |error| encode(error).ok(),
        decode: |payload| Some(decode(payload)),
    }
}

/// The codec of a call's outcome.
#[derive(Debug)]
pub(crate) struct OutcomeCodec<T, E> {
    pub(crate) results: Results<T>,
    pub(crate) errors: Errors<E>,
}

/// Whether a call's final errors are recorded and replayed.
pub trait ErrorCodec<E> {
    /// Returns the conversion.
    fn errors(self) -> Errors<E>;
}

/// No error is recorded: a failed action is free to run again.
#[derive(Clone, Copy, Debug)]
pub struct ErrorsReleased;

/// A final error is recorded, and returned to later calls.
#[derive(Clone, Copy, Debug)]
pub struct ErrorsReplayed;

impl<E: HoldsEffectError> ErrorCodec<E> for ErrorsReleased {
    fn errors(self) -> Errors<E> {
        errors::<Result<(), E>>()
    }
}

impl<E: HoldsEffectError + Replayable> ErrorCodec<E> for ErrorsReplayed {
    fn errors(self) -> Errors<E> {
        errors_replayed::<Result<(), E>>()
    }
}
