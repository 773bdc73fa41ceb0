//! The attributes of `retry-core`: `#[retry_worker]`, `#[retry_storage]`, `#[retry_scheduler]`,
//! `#[retry_api]`, and `#[derive(Classify)]`. Use them from there; that crate also documents them.
//!
//! Three floors, passed in this order: `parse` reads the arguments and the function, `check`
//! compares them, and `expand` makes tokens of a faultless pair. All errors are collected; on any
//! of them the function is emitted unchanged, beside all errors. `derive` is separate: of `parse`
//! it uses only the collected errors and the spelling.

mod check;
mod derive;
mod expand;
mod parse;

use proc_macro::TokenStream;

use derive::classify;
use expand::function;
use parse::class::Class;

/// Retries a task worker's function: 3 attempts, 1 s to 10 s. See `retry-core`.
#[proc_macro_attribute]
pub fn retry_worker(arguments: TokenStream, item: TokenStream) -> TokenStream {
    function::expand(Class::Worker, arguments.into(), item.into()).into()
}

/// Retries a storage function: 5 attempts, 0.5 s to 5 s. See `retry-core`.
#[proc_macro_attribute]
pub fn retry_storage(arguments: TokenStream, item: TokenStream) -> TokenStream {
    function::expand(Class::Storage, arguments.into(), item.into()).into()
}

/// Retries a scheduler's function: 3 attempts, 1 s to 8 s. See `retry-core`.
#[proc_macro_attribute]
pub fn retry_scheduler(arguments: TokenStream, item: TokenStream) -> TokenStream {
    function::expand(Class::Scheduler, arguments.into(), item.into()).into()
}

/// Retries a call to another service: 4 attempts, 1 s to 15 s. See `retry-core`.
#[proc_macro_attribute]
pub fn retry_api(arguments: TokenStream, item: TokenStream) -> TokenStream {
    function::expand(Class::Api, arguments.into(), item.into()).into()
}

/// Judges an error type by words on its variants, and by the errors in their fields. See
/// `retry-core`.
#[proc_macro_derive(Classify, attributes(classify, from, source))]
pub fn classify(item: TokenStream) -> TokenStream {
    classify::classify(item.into()).into()
}
