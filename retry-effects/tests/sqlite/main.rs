//! The store in a file: what it keeps, between threads, handles, versions and crashes.
#![expect(
    clippy::unwrap_used,
    reason = "a test may; the lint knows only test functions"
)]

mod bench;
mod costs;
#[path = "../executor/mod.rs"]
mod executor;
mod files;
mod housekeeping;
mod nested;
mod old_program;
mod python_rows;
mod races;
mod transactions;
mod version_1;
mod version_2;
