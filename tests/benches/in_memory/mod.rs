//! Actions in memory: through the gate, by the store alone, by a hand-written store with the same
//! rules, and in a bare map.

pub(crate) mod bare;
pub(crate) mod gated;
pub(crate) mod keys;
pub(crate) mod limit;
pub(crate) mod store;
