//! The attributes of the package `retry-annotated`: `#[retry_worker]`, `#[retry_storage]`,
//! `#[retry_scheduler]`, `#[retry_api]`, and `#[derive(Classify)]`. Use them from there; that crate also
//! documents them.
//!
//! An attribute is expanded in three phases. `parse` reads the arguments and the function. `check` checks the
//! arguments against the function. `expand` generates the code. Errors are collected in all phases: if there
//! are any, the attribute emits the function unchanged, together with the errors. The derive is independent of
//! these phases.
//!
//! # Architecture
//!
//! Folders, bottom up. A folder imports only from folders below it; a test (`tests/tests/house.rs`) holds it.
//!
//! | floor | folder | content |
//! |---|---|---|
//! | 1 | `parse` | the arguments of an attribute and the function below it, with all faults found in them |
//! | 2 | `check` | the arguments against the function: what its signature and its parameters allow |
//! | 2 | `derive` | `#[derive(Classify)]`; of `parse` it uses only the faults and the spelling of names |
//! | 3 | `expand` | the code of an annotated function |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod check;
mod derive;
mod expand;
mod parse;

use proc_macro::TokenStream;

use derive::classify;
use expand::function;
use parse::class::Class;

/// Retries a task worker's function: 3 attempts, 1 s to 10 s.
///
/// All four attributes take the same arguments; the page of the library `retry_core` lists them.
#[proc_macro_attribute]
pub fn retry_worker(arguments: TokenStream, item: TokenStream) -> TokenStream {
    function::expand(Class::Worker, arguments.into(), item.into()).into()
}

/// Retries a storage function: 5 attempts, 0.5 s to 5 s.
///
/// All four attributes take the same arguments; the page of the library `retry_core` lists them.
#[proc_macro_attribute]
pub fn retry_storage(arguments: TokenStream, item: TokenStream) -> TokenStream {
    function::expand(Class::Storage, arguments.into(), item.into()).into()
}

/// Retries a scheduler's function: 3 attempts, 1 s to 8 s.
///
/// All four attributes take the same arguments; the page of the library `retry_core` lists them.
#[proc_macro_attribute]
pub fn retry_scheduler(arguments: TokenStream, item: TokenStream) -> TokenStream {
    function::expand(Class::Scheduler, arguments.into(), item.into()).into()
}

/// Retries a call to another service: 4 attempts, 1 s to 15 s.
///
/// All four attributes take the same arguments; the page of the library `retry_core` lists them.
#[proc_macro_attribute]
pub fn retry_api(arguments: TokenStream, item: TokenStream) -> TokenStream {
    function::expand(Class::Api, arguments.into(), item.into()).into()
}

/// Judges an error type by words on its variants, and by the errors in their fields. See
/// `retry-annotated`.
#[proc_macro_derive(Classify, attributes(classify, from, source))]
pub fn classify(item: TokenStream) -> TokenStream {
    classify::classify(item.into()).into()
}
