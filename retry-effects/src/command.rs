//! The operator's command: `list`, `show`, `settle`, `purge` and `stats`, on any durable store.
//!
//! It lives in the library, with a program of three lines around it, so that the tests can run it
//! beside servers that they start themselves.
//!
//! The program imports [`run`]; nothing else of the crate imports this folder.

mod arguments;
mod confirmation;
mod duration;
mod failure;
mod id;
mod json;
mod list;
mod opened_store;
mod pages;
mod purge;
pub(crate) mod run;
mod screen;
mod secrets;
mod settle;
mod settlement;
mod shell_quoting;
mod show;
mod stats;
mod store_address;
mod store_arguments;
mod text_table;
