//! The store of one process. Other folders import [`store`] and, for tests, [`clock`].

pub(crate) mod clock;
mod page;
mod shard;
pub(crate) mod store;
mod texts;
