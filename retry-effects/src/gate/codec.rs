//! Encoding of results and errors, so that a replay is the value that was returned.
//!
//! A value is written as JSON, which operators and other programs read. If JSON would not restore the
//! value, it is written in the [notation](writer) of this crate, which is JSON with four additions.
//!
//! | value | JSON | notation |
//! |---|---|---|
//! | `Some` of a value that is `null` | `null` | `Some(null)` |
//! | a key that is a number, a list, an enum with fields | a text, or nothing | any value |
//! | NaN, infinities, an `f32` that changes by way of `f64` | `null`, another | `f64(7ff8000000000000)` |
//! | a number or raw JSON that `serde_json` keeps as a text | that text | `json("1.10")` |
//!
//! Its texts begin with `~`, which no JSON does: a program that knows only JSON reports an error and
//! takes none of it for a result.
//!
//! The written value decides which of the two is used. Most values have nothing in them that JSON could
//! change, and cost one pass. Others are read back, as their type, before they are recorded:
//!
//! - JSON writes a number in a key as a text, and `serde_json` makes a float of an integer beyond 64
//!   bits, for a type that is read by `deserialize_any` (internally tagged, untagged, flattened).
//!   Reading the notation [detects](reader::Reader::misread) such a type.
//! - A value that neither form restores is an error while the first caller can still receive it.
//! - The first value of each type is read back whatever it holds: a type that cannot read what it
//!   writes (`rename(serialize = ..)`) is found at its first success.
//!
//! Values are not compared after they were read back: a comparison would miss each `null`, and
//! would suspect each `HashMap`.
//!
//! Other folders import [`encoding`] (values to payloads and back) and [`types`] (requirements on a
//! function's types).

mod compound;
mod deserializer;
pub(crate) mod encoding;
mod entries;
mod number;
mod outcome;
mod reader;
mod serializer;
mod stack;
pub(crate) mod types;
mod verified_type;
mod writer;
