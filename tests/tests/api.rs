//! `#[retry_api]` on results: their types, their errors, and attributes that transform a function.

mod api {
    mod errors;
    mod instrumented;
    mod results;
    mod transformed;
}
