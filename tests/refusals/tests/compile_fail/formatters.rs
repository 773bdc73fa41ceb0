//! Formatters: what a failed attempt has written stays.

use std::fmt::{self, Formatter, Write};

use retry_core::retry_worker;

struct Report;

impl fmt::Display for Report {
    #[retry_worker]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("report")
    }
}

#[retry_worker]
fn by_path(to: &mut String) -> std::fmt::Result {
    to.write_str("report")
}

#[retry_worker]
fn by_error(to: &mut String) -> Result<(), fmt::Error> {
    to.write_str("report")
}

mod imported {
    use std::fmt::Result;

    #[retry_core::retry_worker]
    fn plain(f: &mut super::Formatter<'_>) -> Result {
        f.write_str("report")
    }
}

fn main() {}
