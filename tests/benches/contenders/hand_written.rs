//! The floor: what a careful engineer writes by hand, without a library.

use std::hash::{BuildHasher, RandomState};
use std::hint::black_box;
use std::thread;
use std::time::Duration;

use super::dependency::{Dependency, Fault, is_transient_text};

/// The policy of a hand-written loop.
pub(crate) trait Schedule {
    const ATTEMPTS: u32;
    const LONGEST_WAIT: Duration;
    fn first_wait() -> Duration;
}

/// The storage class's defaults, as constants: 5 attempts, 0.5 s to 5 s.
pub(crate) struct Defaults;

impl Schedule for Defaults {
    const ATTEMPTS: u32 = 5;
    const LONGEST_WAIT: Duration = Duration::from_secs(5);

    fn first_wait() -> Duration {
        Duration::from_millis(500)
    }
}

/// Three attempts, and a wait that happens to be none: the code that would wait is there.
pub(crate) struct NoWait;

impl Schedule for NoWait {
    const ATTEMPTS: u32 = 3;
    const LONGEST_WAIT: Duration = Duration::from_secs(5);

    fn first_wait() -> Duration {
        black_box(Duration::ZERO)
    }
}

/// The call itself, without a loop: what the floor stands on.
pub(crate) async fn body_alone(dependency: &Dependency) -> Result<u64, Fault> {
    dependency.fetch().await
}

/// The sync call itself.
pub(crate) fn body_alone_blocking(dependency: &Dependency) -> Result<u64, Fault> {
    dependency.fetch_blocking()
}

/// The async loop.
pub(crate) async fn load<S: Schedule>(dependency: &Dependency) -> Result<u64, Fault> {
    let mut attempt = 1;
    let mut step = S::first_wait();
    loop {
        let error = match dependency.fetch().await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if attempt >= S::ATTEMPTS || !error.is_transient() {
            return Err(error);
        }
        attempt += 1;
        if !step.is_zero() {
            tokio::time::sleep(jittered(step)).await;
            step = step.saturating_mul(2).min(S::LONGEST_WAIT);
        }
    }
}

/// The sync loop.
pub(crate) fn load_blocking<S: Schedule>(dependency: &Dependency) -> Result<u64, Fault> {
    let mut attempt = 1;
    let mut step = S::first_wait();
    loop {
        let error = match dependency.fetch_blocking() {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if attempt >= S::ATTEMPTS || !error.is_transient() {
            return Err(error);
        }
        attempt += 1;
        if !step.is_zero() {
            thread::sleep(jittered(step));
            step = step.saturating_mul(2).min(S::LONGEST_WAIT);
        }
    }
}

/// The async loop around an attempt whose error is a text.
pub(crate) async fn load_text<S: Schedule>(dependency: &Dependency) -> Result<u64, String> {
    let mut attempt = 1;
    let mut step = S::first_wait();
    loop {
        let error = match dependency.read().await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if attempt >= S::ATTEMPTS || !is_transient_text(&error) {
            return Err(error);
        }
        drop(error);
        attempt += 1;
        if !step.is_zero() {
            tokio::time::sleep(jittered(step)).await;
            step = step.saturating_mul(2).min(S::LONGEST_WAIT);
        }
    }
}

/// Between half of `step` and all of it; the standard library's keys serve as randomness.
#[cold]
pub(crate) fn jittered(step: Duration) -> Duration {
    let half = step / 2;
    let drawn = u32::try_from(RandomState::new().hash_one(0_u8) >> 32).unwrap_or(0);
    half + half.mul_f64(f64::from(drawn) / f64::from(u32::MAX))
}
