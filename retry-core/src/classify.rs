//! The meaning of an error: whether another attempt is worth it, and whether it is proved that nothing
//! happened.
//!
//! The trait, the search of a source chain, the rules for texts, and [`library`], the errors of other
//! crates.

pub(crate) mod chain;
pub(crate) mod classification;
pub(crate) mod failure;
pub(crate) mod imprint;
pub(crate) mod judgement;
pub(crate) mod library;
pub(crate) mod message;
pub(crate) mod recognize;
pub(crate) mod retry_after;
pub(crate) mod retry_error;
pub(crate) mod sources;
pub(crate) mod throttle;
pub(crate) mod type_registry;
