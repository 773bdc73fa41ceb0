//! The store in a Postgres database. Other folders import [`store`] and [`options`].

mod changes;
mod claims;
mod columns;
mod confirmation;
mod connector;
mod error;
mod listener;
mod lookups;
mod migration;
mod name;
mod open_from;
pub(crate) mod options;
mod pages;
mod queue;
mod row;
mod runtime;
mod schema;
mod server;
mod sessions;
mod settings;
mod statements;
pub(crate) mod store;
mod tables;
#[cfg(feature = "postgres-tls")]
mod tls;
mod transaction;
