//! The guards of one call: which are in force, what admits an attempt, and what they learn of its outcome.

pub(crate) mod admission;
pub(crate) mod asked;
pub(crate) mod choice;
pub(crate) mod delay;
pub(crate) mod implicit;
pub(crate) mod in_force;
pub(crate) mod source;
