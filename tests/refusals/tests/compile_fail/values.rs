//! Values of arguments.

use std::io;

use retry_core::retry_api;

#[retry_api(
    min_wait = "2",
    max_wait = "5 parsecs",
    timeout = -1,
    max_total_time = 0,
    max_attempts = 0,
    backoff = "quadratic",
    multiplier = 0.5,
    jitter = 3,
    policy = "FLOW_NODE",
    nested = true,
    name = "",
    attempt = 4,
    crate = "retry_core",
)]
async fn out_of_range() -> io::Result<()> {
    Ok(())
}

#[retry_api(max_attempts = -1, min_wait = "-1s", max_wait = 1u8, backoff = 2)]
fn negative() -> io::Result<()> {
    Ok(())
}

#[retry_api(max_attempts = 1.5, min_wait = "1h30", max_wait = "", jitter = "bogus")]
fn of_another_kind() -> io::Result<()> {
    Ok(())
}

#[retry_api(min_wait = 3, max_wait = "2s", backoff = "linear", multiplier = 3)]
fn at_odds() -> io::Result<()> {
    Ok(())
}

#[retry_api(max_attempts = unlimited, backoff = constant, jitter = full, stop = 5)]
fn without_quotes() -> io::Result<()> {
    Ok(())
}

#[retry_api(throttled = "5s", max_attempts = 3)]
fn no_list() -> io::Result<()> {
    Ok(())
}

#[retry_api(throttled())]
fn an_empty_list() -> io::Result<()> {
    Ok(())
}

#[retry_api(throttled(delay = "1s", max_wait = "2s", min_wait = "soon"))]
fn in_the_list() -> io::Result<()> {
    Ok(())
}

#[retry_api(min_wait = "2s", throttled(min_wait = "1s"))]
fn shorter_than_the_others() -> io::Result<()> {
    Ok(())
}

#[retry_api(max_wait = "4s", throttled(min_wait = "5s"))]
fn longer_than_all() -> io::Result<()> {
    Ok(())
}

#[retry_api(throttle = "5s")]
fn by_another_name() -> io::Result<()> {
    Ok(())
}

fn main() {
    let _ = (out_of_range(), negative(), of_another_kind(), at_odds());
    let _ = (no_list(), an_empty_list(), in_the_list(), shorter_than_the_others());
    let _ = (longer_than_all(), by_another_name());
    let _ = without_quotes();
}
