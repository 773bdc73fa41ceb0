//! Guards against storms, each usable on its own: budgets, circuit breakers, rate limiters, sets of them
//! by key, and scopes.

pub(crate) mod adaptive;
pub(crate) mod breaker;
pub(crate) mod budget;
pub(crate) mod keyed;
pub(crate) mod scope;
