//! The guards of one call: those in force, the admission of an attempt, and the report of its outcome.

pub(crate) mod admission;
pub(crate) mod choice;
pub(crate) mod implicit;
pub(crate) mod in_force;
pub(crate) mod limiter_delay;
pub(crate) mod requested;
pub(crate) mod source;
