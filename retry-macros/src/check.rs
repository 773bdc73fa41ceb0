//! Checks the arguments against the function: whether its body can run more than once, how each attempt gets
//! each parameter, and which parameters identify a gated call.

pub(crate) mod arguments;
pub(crate) mod identity;
pub(crate) mod lending;
pub(crate) mod parameter;
mod receiver;
pub(crate) mod return_type;
pub(crate) mod signature;
