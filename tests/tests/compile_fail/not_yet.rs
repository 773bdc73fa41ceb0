//! Arguments that are planned, in each of their forms.

use std::io;

use retry_core::retry_api;

#[retry_api(
    time_budget = "1m",
    budget = 0.1,
    circuit_breaker(failure_threshold = 5, reset = "30s"),
    adaptive,
    hedge = "50ms",
)]
async fn call(a: u32, b: u32) -> io::Result<u32> {
    Ok(a + b)
}

fn main() {
    let _ = call(1, 2);
}
