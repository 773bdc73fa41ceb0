//! A function that nobody calls is reported, as one without an attribute is: not the helper that it calls.
#![deny(dead_code)]

use std::io;

use retry_core::{retry_api, retry_worker};

#[retry_api]
fn never_called(x: u32) -> io::Result<u32> {
    helper(x)
}

#[retry_worker(max_attempts = 3)]
async fn nor_awaited(x: u32) -> io::Result<u32> {
    helper(x)
}

fn helper(x: u32) -> io::Result<u32> {
    Ok(x)
}

fn main() {}
