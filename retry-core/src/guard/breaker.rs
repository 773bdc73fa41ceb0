//! Circuit breakers: the state machine, its windows, permits, settings and registry.

pub(crate) mod builder;
pub(crate) mod cause;
pub(crate) mod circuit_breaker;
pub(crate) mod config;
pub(crate) mod epoch;
pub(crate) mod error;
pub(crate) mod machine;
pub(crate) mod permit;
pub(crate) mod ranges;
pub(crate) mod registry;
pub(crate) mod state;
pub(crate) mod tally;
#[cfg(test)]
mod tests;
pub(crate) mod tick;
pub(crate) mod trials;
pub(crate) mod window;
