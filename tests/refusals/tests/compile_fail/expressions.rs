//! Expressions of another type than the argument's.

use std::io;

use retry_core::retry_worker;

#[retry_worker(max_attempts = "3".len() as f64)]
fn attempts() -> io::Result<()> {
    Ok(())
}

#[retry_worker(min_wait = 1 + 1, jitter = full())]
fn waits() -> io::Result<()> {
    Ok(())
}

#[retry_worker(policy = MISSING)]
async fn policy() -> io::Result<()> {
    Ok(())
}

fn full() -> &'static str {
    "full"
}

fn main() {}
