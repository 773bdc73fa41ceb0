//! The builder: the gate for code without an attribute. The public API takes its types from here;
//! no other folder imports it.

pub(crate) mod builder;
mod judge;
pub(crate) mod probe;
mod run;
