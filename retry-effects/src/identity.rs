//! The names of effects: which two calls are the same action.
//!
//! An id is a hash over a canonical text, and has to be the same in every process, release and
//! language that computes it. So nothing here knows of stores, claims or time.
//!
//! Other folders import [`action_id`] (the ids, and how they are computed) and [`error`] (why a value
//! has no id). [`canonical`] is private to this folder.

pub(crate) mod action_id;
pub(crate) mod canonical;
pub(crate) mod error;
