//! [`Permit`]: the admission of one call by a circuit, which takes the call's verdict.

use std::fmt;
use std::mem::ManuallyDrop;

use super::circuit_breaker::{CircuitBreaker, now};
use super::epoch::Epoch;
use super::error::CircuitOpen;
use super::tick::Tick;
use crate::report::metrics::CircuitCall;
use tokio::time::Instant;

/// One call that a [`CircuitBreaker`] has admitted.
///
/// Give the verdict by [`succeed`](Self::succeed) or [`fail`](Self::fail). A dropped permit, as of a
/// cancelled call or one that made no request, gives no verdict. It frees its place if the circuit is
/// half open, so that the next call may try at once, and counts nowhere else: not as a failure, nor as a
/// success that ends a row of failures, nor in a window. A verdict that comes after the circuit has
/// moved on is discarded.
///
/// A trial call that has run for the recovery time loses its place: another call may try. Its verdict
/// still counts as long as the circuit is half open, however late, because it is about the same stretch;
/// and it frees no place that another call holds.
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
    /// Start of the call, if slow calls are counted: four bytes, because every call carries it.
    began: u32,
}

/// Calls.
impl CircuitBreaker {
    /// Requests to admit one call. The permit takes the call's verdict.
    ///
    /// # Errors
    ///
    /// [`CircuitOpen`] if the circuit is open, or half open with all its permits out.
    #[inline]
    pub fn try_acquire(&self) -> Result<Permit<'_>, CircuitOpen> {
        self.acquire_at_once().map_or_else(|| self.acquire(now), Ok)
    }

    /// Returns a permit of a closed circuit that measures no calls: neither a clock nor the rest of the
    /// state is read. If it returns `None`, [`try_acquire`](Self::try_acquire) decides.
    #[inline]
    pub(crate) fn acquire_at_once(&self) -> Option<Permit<'_>> {
        let epoch = self.machine.closed()?;
        match self.config.slow_call {
            None => Some(Permit::new(self, epoch, 0)),
            Some(_) => None,
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn acquire(&self, now: impl Fn() -> Instant) -> Result<Permit<'_>, CircuitOpen> {
        match self.machine.acquire(&self.config, &now) {
            Ok(change) => {
                self.report_change(change, None);
                let began = match self.config.slow_call {
                    Some(_) => Tick::at(now()).low(),
                    None => 0,
                };
                Ok(Permit::new(self, change.after.epoch, began))
            }
            Err(retry_after) => {
                let state = || self.state();
                self.metrics
                    .count_call(self.labels(), CircuitCall::Rejected, state);
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

    /// Reports a call that succeeded, or that a healthy other side refused.
    #[inline]
    pub fn succeed(self) {
        self.end(false, now);
    }

    /// Reports a call whose failure shows that the other side is unhealthy.
    pub fn fail(self) {
        self.end(true, now);
    }

    #[inline]
    pub(super) fn end(self, failed: bool, now: impl Fn() -> Instant) {
        // Skips the drop of the permit, which is for calls without a verdict.
        let this = ManuallyDrop::new(self);
        if failed || !this.breaker.has_no_failures(this.epoch) {
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
            .count_call(breaker.labels(), call, || breaker.state());
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.breaker.given_back(self.epoch);
        let breaker = self.breaker;
        breaker
            .metrics
            .count_call(breaker.labels(), CircuitCall::Dropped, || breaker.state());
    }
}

impl fmt::Debug for Permit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("circuit", &self.breaker.name())
            .finish_non_exhaustive()
    }
}
