//! Identity of actions: when two calls are the same action.
//!
//! An id is a hash of a canonical text. It must be the same in every process, release and language
//! that computes it, so this folder imports nothing about stores, claims or time.
//!
//! Other folders import [`action_id`] (ids and their computation) and [`error`] (errors of a value
//! without an id). [`canonical`] is private to this folder.

pub(crate) mod action_id;
pub(crate) mod canonical;
pub(crate) mod error;
