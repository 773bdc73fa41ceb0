//! Constants out of range.

use std::io;
use std::time::Duration;

use retry_core::retry_api;

const NONE: u32 = 0;
const RATIO: f64 = 60.0;
const NEVER: Duration = Duration::ZERO;

#[retry_api(budget(ratio = RATIO))]
fn too_much() -> io::Result<()> {
    Ok(())
}

#[retry_api(circuit_breaker(failure_threshold = NONE))]
fn none() -> io::Result<()> {
    Ok(())
}

#[retry_api(circuit_breaker(recovery_timeout = NEVER))]
fn at_once() -> io::Result<()> {
    Ok(())
}

fn main() {
    let _ = (too_much(), none(), at_once());
}
