//! Functions and traits that the expansion of the attributes and the derive calls.
//!
//! All of it is exported by `__private`, and used by nothing else of this crate.

pub(crate) mod call;
pub(crate) mod derived;
pub(crate) mod signature;
pub(crate) mod site;
pub(crate) mod specialise;
