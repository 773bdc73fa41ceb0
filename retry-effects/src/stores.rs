//! The stores that this crate brings, and what they share.
//!
//! Each store has a folder of its own, in which the same part has the same file name: `store`,
//! `options`, `connection`, `schema`, `row`, `queue`, `listener`, `error`. A store imports nothing of
//! another store, and of the gate `ambient` alone; the gate imports nothing of a store.
//!
//! Other folders import [`default_store`] and, of a store, `store`. The command imports `libpq` and
//! `timestamp` too.

pub(crate) mod default_store;
#[cfg(any(feature = "postgres", feature = "cli"))]
pub(crate) mod libpq;
pub(crate) mod memory;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(feature = "redis")]
pub(crate) mod redis;
#[cfg(any(feature = "postgres", feature = "redis"))]
pub(crate) mod resend;
#[cfg(feature = "sqlite")]
pub(crate) mod sqlite;
pub(crate) mod sync;
#[cfg(any(feature = "sqlite", feature = "cli"))]
pub(crate) mod timestamp;
pub(crate) mod waiters;
