//! The store of one process. Other folders import [`store`] and, for tests, [`clock`].

pub(crate) mod clock;
mod page;
mod shard;
mod slab;
pub(crate) mod store;
mod texts;
