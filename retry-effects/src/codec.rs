//! How results and errors are written and read, so that a replay is the value that was returned.
//!
//! A value is written as JSON, which people and other programs read. Where JSON is not the value,
//! it is written in the [notation](self::writer) of this crate, which is JSON and four things more.
//!
//! | in the value | JSON | the notation |
//! |---|---|---|
//! | `Some` of what is `null` | `null` | `Some(null)` |
//! | a key that is a number, a list, an enum with fields | a text, or nothing | any value |
//! | NaN, infinities, an `f32` that is another by way of `f64` | `null`, another | `f64(7ff8000000000000)` |
//! | a number or raw JSON that `serde_json` keeps as a text | that text | `json("1.10")` |
//!
//! Its texts begin with `~`, which no JSON does: a program that knows only JSON reports an error and
//! takes none of it for a result.
//!
//! Which of the two it is, is decided by what was written. Most values have nothing in them that JSON
//! could bend, and cost one pass. Others are read back, as their type, before they are recorded:
//!
//! - JSON writes a number in a key as a text, and `serde_json` makes a float of an integer beyond 64
//!   bits, for a type that is read by `deserialize_any` (internally tagged, untagged, flattened).
//!   Reading the notation [tells](self::reader::Reader::misread) whether a type does that.
//! - What neither form brings back is an error while the first caller is still there to hear it.
//! - The first value of each type is read back whatever it holds: a type that cannot read what it
//!   writes (`rename(serialize = ..)`) is found at its first success.
//!
//! Values are not compared after they were read back: it would miss each `null`, and would suspect
//! each `HashMap`.

mod deserializer;
mod entries;
mod first;
mod number;
mod parts;
mod reader;
mod serializer;
mod stack;
mod types;
mod writer;

use std::sync::LazyLock;

use serde::Serialize;
use serde::de::{DeserializeOwned, Error as _, IgnoredAny};

pub(crate) use self::types::{ErrorCodec, Errors, HoldsEffectError, Recordable, Results};
pub use self::types::{
    ErrorsReleased, ErrorsReplayed, ResultType, errors, errors_replayed, results,
};

use self::first::FirstValue;
use self::reader::Reader;
use self::writer::{Form, Written};
use crate::record::{FORMAT, NEWEST_FORMAT, Payload};

/// Why a payload does not read as a type: `None` where its form is of a newer version.
pub(crate) type NotDecoded = Option<serde_json::Error>;

/// Writes a value so that [`decode`] gives an equal one.
pub(crate) fn encode<T: Serialize + DeserializeOwned>(value: &T) -> serde_json::Result<Payload> {
    let json = Written::of(value, Form::Json)?;
    let (risks, first) = (json.risks, FirstValue::of::<T>());
    if !risks.any() && first.was_read() {
        return Ok(json.payload());
    }
    if !risks.need_notation() && reads_as_json::<T>(&json) {
        first.is_read();
        return Ok(json.payload());
    }
    let notation = Written::of(value, Form::Notation)?;
    let mut reader = Reader::of_notation(&notation.text, stack::WRITING)?;
    reader.read::<T>()?;
    let is_json = !risks.lossy && !reader.misread && reads_as_json::<T>(&json);
    Ok(if is_json { json } else { notation }.payload())
}

/// Writes a value whose type cannot read, or is not the one that will be read: in JSON only where
/// no type reads that as something else.
pub(crate) fn encode_unread(value: &(impl Serialize + ?Sized)) -> serde_json::Result<Payload> {
    let json = Written::of(value, Form::Json)?;
    if json.risks.any() {
        return Ok(Written::of(value, Form::Notation)?.payload());
    }
    Ok(json.payload())
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

/// Reads JSON: also what `serde_json` wrote and does not read back, which is deep values, and with its
/// feature `arbitrary_precision` floats in tagged types.
fn from_json<T: DeserializeOwned>(json: &str, room: usize) -> serde_json::Result<T> {
    let read = || {
        // The reader of the notation takes more than JSON.
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

/// Whether a crate in this build has switched on `serde_json`'s `arbitrary_precision`: it then hands
/// out each float as an object with a text, which is not what tagged types have buffered for them.
static ARBITRARY_PRECISION: LazyLock<bool> = LazyLock::new(|| {
    let number = Written::of(&serde_json::Number::from(1), Form::Notation);
    number.is_ok_and(|number| number.text != "~1")
});

/// A value that needs more of the stack than a thread may have.
fn too_deep() -> serde_json::Error {
    serde_json::Error::custom("the value is nested too deeply to be recorded")
}
