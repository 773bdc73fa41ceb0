//! The store of one process. Other folders import [`store`] and, for tests, [`clock`].

pub(crate) mod clock;
mod page;
#[cfg(all(test, retry_effects_shuttle, feature = "conformance"))]
mod schedules;
mod shard;
mod slab;
pub(crate) mod store;
mod texts;
