//! The store in a Postgres database. Other folders import [`store`] and [`options`].

mod backend;
mod claim_parameters;
mod columns;
mod completion;
mod connections;
mod connector;
mod error;
#[cfg(retry_effects_fuzz)]
pub(crate) mod fuzz;
mod listener;
mod migration;
mod name;
mod open;
mod open_from;
pub(crate) mod options;
mod pages;
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
pub(crate) mod transaction;
