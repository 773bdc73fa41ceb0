//! The store in a Postgres database. Other folders import [`store`] and [`options`].

mod changes;
mod claims;
mod columns;
mod confirmation;
mod connector;
mod error;
mod listener;
mod lookups;
mod name;
pub(crate) mod options;
mod queue;
mod row;
mod runtime;
mod schema;
mod server;
mod sessions;
mod statements;
pub(crate) mod store;
#[cfg(feature = "postgres-tls")]
mod tls;
mod transaction;
