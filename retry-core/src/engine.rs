//! The one engine of attribute, function and builder, sync and async: *attempt, classify, wait, event*.
//!
//! The folders above sleep for the wait that it returns. Guards are queried here, and nested calls
//! recognised.

pub(crate) mod attempts;
pub(crate) mod deadline;
pub(crate) mod decision;
pub(crate) mod ending;
pub(crate) mod guards;
pub(crate) mod heard;
pub(crate) mod hedge;
pub(crate) mod hold;
pub(crate) mod nesting;
pub(crate) mod plan;
pub(crate) mod shared;
pub(crate) mod sleep;
pub(crate) mod statistics;
pub(crate) mod time_budget;
pub(crate) mod unknown_effect;
pub(crate) mod wait;
