//! Checks the arguments against the function: whether its signature allows attempts, and the part
//! of each parameter in an attempt and in the identity of a gated call.

pub(crate) mod arguments;
pub(crate) mod identity;
pub(crate) mod lending;
pub(crate) mod parameter;
pub(crate) mod return_type;
pub(crate) mod signature;
