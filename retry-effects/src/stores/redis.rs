//! The store on a Redis server. Other folders import [`store`], [`options`] and [`refusal`].

mod batch;
mod connection;
mod error;
mod keys;
mod listener;
mod nodes;
pub(crate) mod options;
mod pages;
mod queue;
pub(crate) mod refusal;
mod row;
mod script;
mod server;
pub(crate) mod store;
