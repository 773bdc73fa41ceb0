//! Texts for people: durations, names, errors, and the removal of secrets from them.
//!
//! Ground floor: it imports nothing of this crate, so every report may use it.

pub(crate) mod circuit_name;
pub(crate) mod display;
pub(crate) mod duration;
pub(crate) mod redaction;
