//! Arguments that are planned, in each of their forms.

use std::io;

use retry_core::retry_api;

#[retry_api(
    time_budget = "1m",
    budget = 0.1,
    circuit_breaker(failure_threshold = 5, reset = "30s"),
    adaptive,
    hedge = "50ms",
    idempotent = true,
    key(a, b.c),
    scope = tenant,
    store = store(),
    skip(a),
    lease = "30s",
    retain = "24h",
    in_doubt = "fail",
    probe = probe,
    on_busy = "wait",
    replay_errors = true,
)]
async fn call(a: u32, b: u32) -> io::Result<u32> {
    Ok(a + b)
}

fn main() {
    let _ = call(1, 2);
}
