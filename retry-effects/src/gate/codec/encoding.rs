//! Values to payloads and back: the choice of the form, and the check that a value reads back.

use std::sync::LazyLock;

use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::reader::Reader;
use super::stack;
use super::verified_type::VerifiedType;
use super::writer::{TextForm, Written};
use crate::protocol::payload::{FORMAT, NEWEST_FORMAT, Payload};

/// The error of a payload that does not decode: `None` if its form is of a newer version.
pub(crate) type NotDecoded = Option<serde_json::Error>;

/// Writes a value so that [`decode`] returns an equal one.
pub(crate) fn encode<T: Serialize + DeserializeOwned>(value: &T) -> serde_json::Result<Payload> {
    let json = Written::of(value, TextForm::Json)?;
    let (risks, value_type) = (json.risks, VerifiedType::of(decode::<T>));
    if !risks.any() && value_type.is_verified() {
        return json.payload();
    }
    if !risks.need_notation() && reads_as_json::<T>(&json) {
        value_type.mark_verified();
        return json.payload();
    }
    let notation = Written::of(value, TextForm::Notation)?;
    let mut reader = Reader::of_notation(&notation.text, stack::WRITING)?;
    reader.read::<T>()?;
    let is_json = !risks.lossy && !reader.misread && reads_as_json::<T>(&json);
    if is_json { json } else { notation }.payload()
}

/// Writes a value whose type cannot be read, or is not the type that will be read: in JSON only if no
/// type reads that JSON as another value.
pub(crate) fn encode_unread(value: &(impl Serialize + ?Sized)) -> serde_json::Result<Payload> {
    let json = Written::of(value, TextForm::Json)?;
    if json.risks.any() {
        return Written::of(value, TextForm::Notation)?.payload();
    }
    json.payload()
}

/// Reads a value.
pub(crate) fn decode<T: DeserializeOwned>(payload: &Payload) -> Result<T, NotDecoded> {
    match payload.format() {
        ..=FORMAT => from_json(payload.json(), stack::READING).map_err(Some),
        NEWEST_FORMAT => {
            let reader = Reader::of_notation(payload.json(), stack::READING);
            reader.and_then(|mut reader| reader.read()).map_err(Some)
        }
        _ => Err(None),
    }
}

/// Reads JSON, including JSON that `serde_json` wrote and does not read back: deep values, and with its
/// feature `arbitrary_precision` floats in tagged types.
fn from_json<T: DeserializeOwned>(json: &str, room: usize) -> serde_json::Result<T> {
    let read = || {
        // The reader of the notation accepts more than JSON.
        serde_json::from_str::<IgnoredAny>(json)?;
        Reader::of_json(json, room).read()
    };
    if *ARBITRARY_PRECISION {
        return read();
    }
    serde_json::from_str(json).or_else(|error| read().map_err(|_| error))
}

fn reads_as_json<T: DeserializeOwned>(json: &Written) -> bool {
    from_json::<T>(&json.text, stack::WRITING).is_ok()
}

/// Whether a crate in this build has enabled `serde_json`'s `arbitrary_precision`: it then passes each
/// float as an object with a text, and tagged types buffer that object instead of a float.
static ARBITRARY_PRECISION: LazyLock<bool> = LazyLock::new(|| {
    let number = Written::of(&serde_json::Number::from(1), TextForm::Notation);
    number.is_ok_and(|number| number.text != "~1")
});
