//! The store in a file of this machine. Other folders import [`store`].

mod batch;
mod clock;
mod connection;
mod file;
mod readers;
mod row;
mod schema;
pub(crate) mod store;
mod writer;
