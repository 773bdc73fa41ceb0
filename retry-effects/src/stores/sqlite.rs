//! The store in a file of this machine. Other folders import [`store`].

mod alone;
mod backend;
mod changes;
mod clock;
mod columns;
mod commit_time;
mod completion;
mod connection;
mod file;
mod header;
mod migration;
mod names;
mod readers;
mod row;
mod schema;
pub(crate) mod store;
mod tables;
mod transaction;
mod turns;
mod version_1;
