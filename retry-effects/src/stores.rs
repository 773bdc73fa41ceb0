//! The stores of this crate, and the parts that they share.
//!
//! Each store has a folder of its own, in which the same part has the same file name: `store`,
//! `backend`, `options`, `open`, `connection`, `schema`, `row`, `listener`, `error`. The stores that outlive
//! their process share the core in [`durable`]. A store imports nothing from another store, and only
//! `ambient` and `blocking` from the gate (`default_store` also its errors and reports); the gate imports
//! nothing from a store.
//!
//! Other folders import [`default_store`] and each store's `store`. The command also imports `libpq`
//! and `timestamp`, and `transaction` the drivers in `sqlx`.

pub(crate) mod default_store;
#[cfg(any(feature = "sqlite", feature = "postgres", feature = "redis"))]
pub(crate) mod durable;
#[cfg(all(retry_effects_fuzz, any(feature = "postgres", feature = "redis")))]
mod fuzz;
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
#[cfg(any(
    feature = "sqlx-postgres",
    feature = "sqlx-sqlite",
    feature = "sqlx-08"
))]
pub(crate) mod sqlx;
pub(crate) mod sync;
#[cfg(any(feature = "sqlite", feature = "cli"))]
pub(crate) mod timestamp;
pub(crate) mod waiters;
