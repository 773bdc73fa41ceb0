//! The policy of a call as plain values: attempts, growth of the waits, jitter, classes and names.
//!
//! Pure functions: randomness is a parameter, and no clock is read.

pub(crate) mod backoff;
pub(crate) mod class;
pub(crate) mod error;
pub(crate) mod growth;
pub(crate) mod jitter;
pub(crate) mod layer;
pub(crate) mod named;
pub(crate) mod nested;
pub(crate) mod random;
pub(crate) mod retry_policy;
