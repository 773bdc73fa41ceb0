//! The operator's command: `list`, `show`, `settle`, `purge` and `stats`, on any durable store.
//!
//! It lives in the library, with a program of three lines around it, so that the tests can run it
//! beside servers that they start themselves.
//!
//! The program imports [`run`]; nothing else of the crate imports this folder.

mod arguments;
mod confirmation;
mod failure;
mod id;
mod json;
mod list;
mod opened_store;
mod pages;
mod place;
mod purge;
pub(crate) mod run;
mod screen;
mod secrets;
mod settle;
mod settlement;
mod show;
mod span;
mod stats;
mod store_arguments;
mod text_table;
mod wording;
