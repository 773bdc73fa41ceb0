//! What the attributes and the derive expand to calls of.
//!
//! All of it is exported by `__private`, and used by nothing else of this crate.

pub(crate) mod bounds;
pub(crate) mod call;
pub(crate) mod derived;
pub(crate) mod site;
pub(crate) mod specialise;
