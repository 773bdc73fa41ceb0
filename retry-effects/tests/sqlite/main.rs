//! The store in a file: what it keeps, between threads, handles, versions and crashes.

mod bench;
mod files;
mod housekeeping;
mod nested;
mod python_rows;
mod races;
mod transactions;
