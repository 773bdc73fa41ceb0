//! Guards of the wrong type, errors that cannot hold a rejection, and lists that are not constant.

use std::io;

use retry_core::{AdaptiveLimiter, CircuitBreaker, RetryBudget, retry_api};

static BUDGET: RetryBudget = RetryBudget::new(0.1);
static LIMITER: AdaptiveLimiter = AdaptiveLimiter::new();
const RATIO: f64 = 0.1;

#[retry_api(budget = RATIO)]
async fn a_number() -> io::Result<()> {
    Ok(())
}

#[retry_api(circuit_breaker = BUDGET)]
fn another_guard() -> io::Result<()> {
    Ok(())
}

#[retry_api(adaptive = Some(LIMITER))]
fn an_option() -> io::Result<()> {
    Ok(())
}

#[retry_api(budget(ratio = ratio))]
fn not_constant(ratio: f64) -> io::Result<()> {
    let _ = ratio;
    Ok(())
}

#[retry_api(circuit_breaker(failure_threshold = RATIO))]
fn of_another_type() -> io::Result<()> {
    Ok(())
}

#[derive(Debug)]
struct ApiError;

#[retry_api(circuit_breaker(failure_threshold = 3))]
async fn cannot_be_rejected() -> Result<(), ApiError> {
    Err(ApiError)
}

#[retry_api(circuit_breaker = breaker)]
fn cannot_be_rejected_sync(breaker: &CircuitBreaker) -> Result<(), ApiError> {
    Err(ApiError)
}

/// These need nothing of the error.
#[retry_api(budget = 0.1, adaptive = true, time_budget = "1m", hedge(after = 1, safe = true))]
async fn needs_nothing() -> Result<(), ApiError> {
    Err(ApiError)
}

fn main() {}
