//! The canonical text that an action's id is the hash of: compact JSON with sorted keys, as Python's
//! `json.dumps(.., sort_keys=True, separators=(",", ":"))` writes it.
//!
//! A serializer of its own, and not `serde_json::to_value` with a walk over the tree: `to_value` turns
//! NaN into `null` and numeric keys into strings without an error.
//!
//! [`document`] is the entry, and the only module that `identity` imports.

pub(crate) mod document;
mod entry;
mod float;
mod key;
mod number;
mod object;
mod order;
mod path;
mod sequence;
mod serializer;
mod text;
mod writer;
