//! The breaker as a whole, with `now` as a parameter.

mod model;
#[cfg(feature = "testing")]
mod reports;
mod states;
mod windows;

use std::time::Duration;

use tokio::time::Instant;

use super::circuit_breaker::CircuitBreaker;
use super::config::{BreakerConfig, Window};
use super::error::CircuitOpen;
use super::permit::Permit;
use super::tick::Tick;
use crate::report::circuit::CircuitState;
use crate::text::circuit_name::CircuitName;

const SECOND: Duration = Duration::from_secs(1);
const DEFAULT: BreakerConfig = BreakerConfig::DEFAULT;

fn breaker(config: BreakerConfig) -> CircuitBreaker {
    config.validate().expect("numbers in their ranges");
    CircuitBreaker::unchecked(None, CircuitName::new("test"), config)
}

impl CircuitBreaker {
    fn acquire_at(&self, now: Instant) -> Result<Permit<'_>, CircuitOpen> {
        self.acquire(|| now)
    }

    fn call_at(&self, now: Instant, failed: bool) {
        let permit = self.acquire_at(now).expect("the call may pass");
        permit.end_at(now, failed);
    }

    /// Returns the `retry_after` of a rejection at `now`.
    fn retry_at(&self, now: Instant) -> Option<Duration> {
        let answer = self.machine.check(&self.config, || Tick::at(now));
        answer.err().flatten()
    }

    /// Opens the circuit as its calls would.
    fn open_at(&self, now: Instant) -> Duration {
        for _ in 0..self.config.failure_threshold {
            self.call_at(now, true);
        }
        assert_eq!(self.state(), CircuitState::Open);
        self.rejects_for(now).expect("it has just opened")
    }
}

impl Permit<'_> {
    fn end_at(self, now: Instant, failed: bool) {
        self.end(failed, || now);
    }
}
