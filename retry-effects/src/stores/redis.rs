//! The store on a Redis server. Other folders import [`store`], [`options`] and [`refusal`].

mod backend;
mod connection;
mod error;
#[cfg(retry_effects_fuzz)]
pub(crate) mod fuzz;
mod keys;
mod listener;
mod nodes;
mod open;
pub(crate) mod options;
mod pages;
pub(crate) mod refusal;
mod reply;
mod requests;
mod row;
mod script;
mod server;
pub(crate) mod store;
mod unencrypted;
