//! The policy of a call as plain values: attempts, growth of the waits, jitter, classes and names.
//!
//! All but `random` is pure: the functions take randomness as a parameter, and read no clock. `random` holds
//! the generator of each thread, and reads the wall clock at each draw.

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
