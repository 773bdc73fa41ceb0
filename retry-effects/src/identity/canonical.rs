//! The canonical text whose hash is an action's id: compact JSON with sorted keys, as Python's
//! `json.dumps(.., sort_keys=True, separators=(",", ":"))` writes it.
//!
//! The folder has its own serializer instead of `serde_json::to_value` and a walk over the tree:
//! `to_value` turns NaN into `null` and numeric keys into strings without an error.
//!
//! [`document`] is the entry, and the only module that `identity` imports.

pub(crate) mod document;
mod entry;
mod float;
mod key_serializer;
mod number;
mod object;
mod path;
mod sequence;
mod serializer;
mod text;
mod unordered;
mod writer;
