//! Functions and traits that the expansion of the attributes and the derive calls.
//!
//! Everything here is exported by `__private`; no other module of this crate uses it.

pub(crate) mod call;
pub(crate) mod derived;
pub(crate) mod signature;
pub(crate) mod site;
pub(crate) mod specialise;
