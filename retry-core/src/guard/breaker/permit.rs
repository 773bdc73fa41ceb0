//! [`Permit`]: a call that a circuit has let through, and whose verdict it waits for.

use std::fmt;
use std::mem::ManuallyDrop;

use super::circuit_breaker::{CircuitBreaker, now};
use super::epoch::Epoch;
use super::error::CircuitOpen;
use super::tick::Tick;
use crate::report::metrics::CircuitCall;
use tokio::time::Instant;

/// One call that a [`CircuitBreaker`] has let through.
///
/// Say how it went by [`succeed`](Self::succeed) or [`fail`](Self::fail). A permit that is dropped,
/// as by a cancelled call or one that never asked the other side, gives no verdict: it frees its
/// place where the circuit is half open, so that the next call may try at once, and counts nowhere
/// else: not as a failure, nor as a success that ends a row of failures, nor in a window. A verdict
/// that comes after the circuit has moved on is discarded.
///
/// A trial call that has run for the recovery time keeps its place no longer: another may try. Its
/// verdict counts as long as the circuit is half open, however late, since it speaks of the same
/// stretch; and it frees no place that another call has.
///
/// ```
/// use retry_core::{CircuitBreaker, CircuitState};
///
/// let breaker = CircuitBreaker::new("search").with_failure_threshold(1);
/// drop(breaker.try_acquire()?);
/// breaker.try_acquire()?.succeed();
/// assert_eq!(breaker.state(), CircuitState::Closed);
/// let late = breaker.try_acquire()?;
/// breaker.try_acquire()?.fail();
/// late.succeed();
/// assert_eq!(breaker.state(), CircuitState::Open);
/// # Ok::<(), retry_core::CircuitOpen>(())
/// ```
#[must_use = "a permit that is dropped gives no verdict"]
pub struct Permit<'a> {
    breaker: &'a CircuitBreaker,
    epoch: Epoch,
    /// When it began, where anybody asks for slow calls: four bytes, since every call carries them.
    began: u32,
}

/// Calling.
impl CircuitBreaker {
    /// Asks to let one call through. The permit takes its verdict.
    ///
    /// # Errors
    ///
    /// [`CircuitOpen`] where the circuit is open, or half open with all its permits out.
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<'_>, CircuitOpen> {
        match self.machine.closed() {
            // Nobody asks how long the call takes: no clock is read.
            Some(epoch) if self.config.slow_call.is_none() => Ok(Permit::new(self, epoch, 0)),
            _ => self.acquire(now),
        }
    }

    pub(super) fn acquire(&self, now: impl Fn() -> Instant) -> Result<Permit<'_>, CircuitOpen> {
        match self.machine.acquire(&self.config, &now) {
            Ok(change) => {
                self.stepped(change, None);
                let began = match self.config.slow_call {
                    Some(_) => Tick::at(now()).low(),
                    None => 0,
                };
                Ok(Permit::new(self, change.after.epoch, began))
            }
            Err(retry_after) => {
                let state = || self.state();
                self.metrics
                    .asked(self.labels(), CircuitCall::Rejected, state);
                Err(CircuitOpen {
                    name: self.name.clone(),
                    retry_after,
                })
            }
        }
    }
}

impl<'a> Permit<'a> {
    pub(super) const fn new(breaker: &'a CircuitBreaker, epoch: Epoch, began: u32) -> Self {
        Self {
            breaker,
            epoch,
            began,
        }
    }

    /// The call did what it was to do, or was told by a healthy other side that it cannot.
    #[inline]
    pub fn succeed(self) {
        self.end(false, now);
    }

    /// The call failed in a way that says something about the other side's health.
    pub fn fail(self) {
        self.end(true, now);
    }

    #[inline]
    pub(super) fn end(self, failed: bool, now: impl Fn() -> Instant) {
        // What a dropped permit does is for those that give no verdict.
        let this = ManuallyDrop::new(self);
        if failed || !this.breaker.is_well(this.epoch) {
            this.breaker.ended(this.epoch, this.began, failed, now);
        }
        let call = if failed {
            CircuitCall::Failure
        } else {
            CircuitCall::Success
        };
        let breaker = this.breaker;
        breaker
            .metrics
            .asked(breaker.labels(), call, || breaker.state());
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.breaker.given_back(self.epoch);
        let breaker = self.breaker;
        breaker
            .metrics
            .asked(breaker.labels(), CircuitCall::Dropped, || breaker.state());
    }
}

impl fmt::Debug for Permit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("circuit", &self.breaker.name())
            .finish_non_exhaustive()
    }
}
