//! The calls that a closed circuit remembers, if a rate decides.
//!
//! Every entry carries its epoch, so a window is never cleared: a later epoch ignores the entries
//! of an earlier one.

mod calls;
mod time;

use std::sync::atomic::AtomicU64;

use super::cause::Cause;
use super::config;
use super::config::BreakerConfig;
use super::epoch::Epoch;
use super::tally::{TalliedCall, Tally};
use super::tick::Tick;
use calls::LastCalls;
use time::LastWhile;

impl Tally {
    /// Returns the cause of an opening, if this tally is enough for one.
    pub(super) fn judge(self, config: &BreakerConfig) -> Option<Cause> {
        if self.calls < config.enough_calls() {
            return None;
        }
        let calls = f64::from(self.calls);
        // Compares a quotient: 7 / 100 is the same number as a rate of 0.07, but 100 × 0.07 is more than
        // 7.
        if f64::from(self.failed) / calls >= config.failure_rate {
            return Some(Cause::Failed(self));
        }
        let slow = config.slow_call.is_some();
        (slow && f64::from(self.slow) / calls >= config.slow_call_rate).then_some(Cause::Slow(self))
    }
}

/// A window's memory.
pub(super) enum WindowRecord {
    Calls(LastCalls<AtomicU64>),
    While(LastWhile<AtomicU64>),
}

impl WindowRecord {
    pub(super) fn new(window: config::Window, epoch: Epoch) -> Self {
        match window {
            config::Window::Calls(calls) => Self::Calls(LastCalls::new(calls, epoch)),
            config::Window::Time(length) => Self::While(LastWhile::new(length, epoch)),
        }
    }

    /// Records a call of `epoch` and returns the window's content.
    pub(super) fn add(&self, epoch: Epoch, outcome: TalliedCall, now: impl Fn() -> Tick) -> Tally {
        match self {
            Self::Calls(calls) => calls.add(epoch, outcome),
            Self::While(last) => last.add(epoch, outcome, now()),
        }
    }
}
