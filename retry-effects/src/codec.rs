//! How results and errors are written and read: JSON, of the function's own types.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde::ser::Error as _;

use crate::action_id::UnscopedId;
use crate::effect_error::EffectError;
use crate::error::ActionIdError;
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

/// The type of a function's outcome: `Result<T, E>`, by whatever name.
#[diagnostic::on_unimplemented(
    message = "a retry attribute needs a function that returns a `Result`, and `{Self}` is none",
    label = "not a `Result`",
    note = "what is to be retried must be able to fail: return `Result<{Self}, E>`"
)]
pub trait ResultType {
    /// What it returns.
    type Ok;
    /// How it fails.
    type Err;
}

impl<T, E> ResultType for Result<T, E> {
    type Ok = T;
    type Err = E;
}

/// How results of a type are written and read.
///
/// By functions and not by traits: what comes after the place where these are asked for takes any
/// type, and the compiler says only there what is wrong with one.
#[derive(Debug)]
pub struct Results<T> {
    pub(crate) encode: fn(&T) -> serde_json::Result<Payload>,
    pub(crate) decode: fn(&Payload) -> Result<T, NotDecoded>,
}

/// How the results of a function that returns `R` are written and read.
#[must_use]
pub fn results<R: ResultType>() -> Results<R::Ok>
where
    R::Ok: Recordable,
{
    Results {
        encode,
        decode: decode::<R::Ok>,
    }
}

/// How the gate's words become errors of a type, and whether final errors are recorded.
#[derive(Debug)]
pub struct Errors<E> {
    pub(crate) of: fn(EffectError) -> E,
    /// Its form, if it is one to record.
    pub(crate) encode: fn(&E) -> Option<Payload>,
    /// The recorded error, if errors are read.
    pub(crate) decode: fn(&Payload) -> Option<Result<E, NotDecoded>>,
}

/// The errors of a function that returns `R`: none is recorded.
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

/// The errors of a function that returns `R`: final ones are recorded, and read.
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

/// Whether a call's final errors are recorded and replayed.
pub trait ErrorCodec<E> {
    /// How.
    fn errors(self) -> Errors<E>;
}

/// A failed action is free to run again.
#[derive(Clone, Copy, Debug)]
pub struct ErrorsReleased;

/// A final error is recorded, and what later calls return.
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

/// Why a payload does not read as a type: `None` where its form is of a newer version.
pub(crate) type NotDecoded = Option<serde_json::Error>;

pub(crate) fn encode(value: &(impl Serialize + ?Sized)) -> serde_json::Result<Payload> {
    let json = serde_json::to_string(value)?;
    // serde_json writes a NaN and an infinity as `null`: what is replayed would be another result.
    if json.contains("null")
        && let Err(error @ ActionIdError::NotFinite { .. }) = UnscopedId::new("", value)
    {
        return Err(serde_json::Error::custom(error));
    }
    Ok(Payload::new(json))
}

pub(crate) fn decode<T: DeserializeOwned>(payload: &Payload) -> Result<T, NotDecoded> {
    if payload.format() > FORMAT {
        return Err(None);
    }
    serde_json::from_str(payload.json()).map_err(Some)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn what_would_be_read_back_as_something_else_is_not_written() {
        for value in [Some(f64::NAN), Some(f64::INFINITY)] {
            let error = encode(&value).unwrap_err().to_string();
            assert!(error.contains("a float must be finite"), "{error}");
        }
        let mut by_number = BTreeMap::from([(1, None), (2, Some("null"))]);
        for value in [None, Some("x")] {
            by_number.insert(3, value);
            let payload = encode(&by_number).unwrap();
            let read: BTreeMap<i32, Option<String>> = decode(&payload).unwrap();
            assert_eq!(read[&3].as_deref(), value);
        }
    }
}
