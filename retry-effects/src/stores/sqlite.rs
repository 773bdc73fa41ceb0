//! The store in a file of this machine. Other folders import [`store`].

mod batch;
mod changes;
mod clock;
mod columns;
mod connection;
mod file;
mod header;
mod migration;
mod readers;
mod row;
mod schema;
pub(crate) mod store;
mod tables;
mod version_1;
mod writer;
