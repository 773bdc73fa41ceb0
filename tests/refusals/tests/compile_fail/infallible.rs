//! Return types that can be told to be no `Result` by their names.

use std::task::Poll;

use retry_core::{retry_api, retry_worker};

#[retry_worker]
async fn number() -> u32 {
    7
}

#[retry_worker]
fn option(text: &str) -> Option<u32> {
    let number = text.parse().ok()?;
    Some(number)
}

#[retry_api]
async fn poll() -> Poll<Result<u32, String>> {
    Poll::Pending
}

#[retry_worker]
async fn unit() -> () {}

#[retry_worker]
fn never() -> ! {
    panic!("never")
}

#[retry_worker]
fn opaque() -> impl Iterator<Item = u32> {
    0..3
}

#[retry_worker]
fn pair() -> (u32, std::string::String) {
    (1, String::new())
}

fn main() {}
