//! Error types that cannot say that the time was up.

use retry_core::{retry_api, retry_worker};

#[derive(Debug)]
struct ApiError;

#[retry_api(timeout = "1s")]
async fn one_attempt() -> Result<(), ApiError> {
    Err(ApiError)
}

#[retry_api(max_attempts = 2, max_total_time = "1m")]
async fn all_attempts() -> Result<(), ApiError> {
    Err(ApiError)
}

/// A sync call ends with its last error: it needs nothing.
#[retry_worker(max_total_time = "1m")]
fn all_attempts_sync() -> Result<(), ApiError> {
    Err(ApiError)
}

fn main() {}
