//! The one engine of attribute, function and builder, sync and async: *attempt, classify, wait, event*.
//!
//! Guards are queried here, nested calls are recognised, and waits are slept (`sleep`, `pause`). The
//! folders above hold the loop around it.

pub(crate) mod call_state;
pub(crate) mod deadline;
pub(crate) mod decision;
pub(crate) mod ending;
pub(crate) mod failed_attempt;
pub(crate) mod guards;
pub(crate) mod hedge;
pub(crate) mod nesting;
pub(crate) mod operation_state;
pub(crate) mod outcome_parts;
pub(crate) mod pause;
pub(crate) mod plan;
pub(crate) mod probe_wait;
pub(crate) mod probed;
pub(crate) mod short_path;
pub(crate) mod sleep;
pub(crate) mod statistics;
pub(crate) mod step;
mod tally;
pub(crate) mod time_budget;
pub(crate) mod unknown_effect;
