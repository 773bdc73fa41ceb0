//! Retries without an attribute: the builder and the two functions.

pub(crate) mod ad_hoc;
mod attempt_loop;
pub(crate) mod builder;
pub(crate) mod calls;
pub(crate) mod choices;
pub(crate) mod hedged;
pub(crate) mod judge_bounds;
pub(crate) mod judges;
