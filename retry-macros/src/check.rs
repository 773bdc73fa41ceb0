//! What the arguments and the function are to each other: whether attempts can be made of the
//! signature, and what each parameter is to an attempt and to the identity of a gated call.

pub(crate) mod arguments;
pub(crate) mod identity;
pub(crate) mod lending;
pub(crate) mod outcome;
pub(crate) mod parameter;
pub(crate) mod signature;
