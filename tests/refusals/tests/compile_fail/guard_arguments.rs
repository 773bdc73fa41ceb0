//! Guards: values out of range, names that are none, and what contradicts what.

use std::io;

use retry_core::retry_api;

#[retry_api(
    budget = 1.5,
    circuit_breaker = false,
    adaptive = 3,
    time_budget = 0,
    hedge = "95ms",
)]
async fn of_another_kind() -> io::Result<()> {
    Ok(())
}

#[retry_api(budget = -0.1, circuit_breaker = 5, adaptive(limit = 3), time_budget = "30")]
fn numbers() -> io::Result<()> {
    Ok(())
}

#[retry_api(budget = false, circuit_breaker = " ", adaptive = false, time_budget)]
fn switches() -> io::Result<()> {
    Ok(())
}

#[retry_api(
    budget(ratio = 0.0005, burst = 0, floor = -1, name = 3, percent = 20, ratio = 1),
    circuit_breaker(
        failure_threshold = 0,
        recovery_timeout = 0,
        half_open_permits = 0,
        success_threshold = 1.5,
        name = "",
        treshold = 3,
        reset = "30s",
    )
)]
fn in_lists() -> io::Result<()> {
    Ok(())
}

#[retry_api(circuit_breaker(
    window = 0,
    failure_rate = 0,
    minimum_calls = 0,
    slow_call = "1us",
    slow_call_rate = 1.5
))]
fn in_windows() -> io::Result<()> {
    Ok(())
}

#[retry_api(circuit_breaker(window = "1ms"), budget(ratio 0.1))]
fn too_short() -> io::Result<()> {
    Ok(())
}

#[retry_api(circuit_breaker(window = "100"), budget(0.1))]
fn without_unit() -> io::Result<()> {
    Ok(())
}

#[retry_api(circuit_breaker(window = CALLS), budget(burst))]
fn by_constant() -> io::Result<()> {
    Ok(())
}

const CALLS: u32 = 100;

#[retry_api(circuit_breaker(failure_threshold = 5, window = 100))]
fn in_a_row_and_in_a_window() -> io::Result<()> {
    Ok(())
}

#[retry_api(circuit_breaker(
    failure_rate = 0.5,
    minimum_calls = 20,
    slow_call = "2s",
    slow_call_rate = 0.5
))]
fn without_a_window() -> io::Result<()> {
    Ok(())
}

#[retry_api(circuit_breaker(window = 10, minimum_calls = 20, slow_call_rate = 0.5))]
fn more_than_the_window_holds() -> io::Result<()> {
    Ok(())
}

#[retry_api(breaker = true, retry_budget = 0.1, hedging, limiter = true, time_budge = "1m")]
fn other_names() -> io::Result<()> {
    Ok(())
}

fn main() {
    let _ = (of_another_kind(), numbers(), switches(), in_lists(), in_windows(), too_short());
    let _ = (without_unit(), by_constant(), in_a_row_and_in_a_window(), without_a_window());
    let _ = (more_than_the_window_holds(), other_names(), CALLS);
}
