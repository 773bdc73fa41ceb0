//! [`CircuitBreaker`]: rejects calls at once to a side that is down, until it is back.
//!
//! The whole state is one atomic integer: the phase, its counts and an epoch. The transition for
//! each event is a plain function ([`state`]); a step is one compare-and-swap ([`machine`]); clock,
//! randomness and reports are here, at the edge.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use tokio::time::Instant;

use super::cause::Cause;
use super::epoch::Epoch;
use super::machine::{Machine, StateChange};
use super::state::Phase;
use super::tick::Tick;
use super::window::WindowRecord;
use crate::guard::breaker::tally::TalliedCall;
use crate::policy::random;
use crate::report::circuit;
use crate::report::metrics::{Circuit, CircuitMetrics};

use super::config::BreakerConfig;
use super::config::Window;
use crate::report::circuit::CircuitState;
use crate::text::circuit_name::CircuitName;

/// Rejects calls to a dependency that keeps failing, and tests now and then whether it is back.
///
/// While *closed*, calls pass, and their failures are counted: 5 in a row open the circuit. While
/// *open*, calls are rejected for 60 s, spread by a tenth to either side so that not all clients come
/// back at once. The next call after that makes it *half open*: this call may try, all others are still
/// rejected. Its success closes the circuit, its failure opens it again; if it is dropped, or does not
/// end within another 60 s, the next call may try. All numbers can be set, and a window over the last
/// calls or the last while can replace failures in a row.
///
/// Make a breaker as a `static`, shared by all calls to one dependency; for one breaker for each
/// host or tenant, use [`CircuitBreakers`](crate::CircuitBreakers). In the default mode, a success
/// reads one atomic integer and writes nothing.
///
/// ```
/// use std::time::Duration;
/// use retry_core::{CircuitBreaker, CircuitState};
///
/// static PAYMENTS: CircuitBreaker = CircuitBreaker::new("payments")
///     .with_failure_threshold(3)
///     .with_recovery_timeout(Duration::from_secs(30));
///
/// fn pay(answer: Result<u32, &'static str>) -> Result<u32, String> {
///     let permit = PAYMENTS.try_acquire().map_err(|open| open.to_string())?;
///     match answer {
///         Ok(receipt) => permit.succeed(),
///         Err(_) => permit.fail(),
///     }
///     answer.map_err(str::to_owned)
/// }
///
/// assert_eq!(pay(Ok(7)), Ok(7));
/// for _ in 0..3 {
///     assert!(pay(Err("connection refused")).is_err());
/// }
/// assert_eq!(PAYMENTS.state(), CircuitState::Open);
/// let rejected = pay(Ok(8)).unwrap_err();
/// assert!(rejected.starts_with("circuit payments is open: retry after"), "{rejected}");
/// PAYMENTS.reset();
/// assert_eq!(pay(Ok(8)), Ok(8));
/// ```
///
/// ```compile_fail
/// use retry_core::CircuitBreaker;
/// static NEVER: CircuitBreaker = CircuitBreaker::new("never").with_failure_threshold(0);
/// ```
pub struct CircuitBreaker {
    pub(super) name: CircuitName,
    /// The class of the operation for which it was made.
    pub(super) class: Option<&'static str>,
    pub(super) config: BreakerConfig,
    pub(super) machine: Machine<AtomicU64>,
    /// Made at the first verdict that it records.
    pub(super) window: OnceLock<WindowRecord>,
    /// Whether another configuration under its name has been reported.
    pub(super) disputed: AtomicBool,
    /// Whether [`find_shared`](Self::find_shared) lists it.
    pub(super) listed: AtomicBool,
    pub(super) metrics: CircuitMetrics,
}

/// Calls.
impl CircuitBreaker {
    /// Returns the time from `now` for which calls are certainly rejected: without end if it was
    /// forced open; `None` if the next request may pass.
    pub(crate) fn rejects_for(&self, now: Instant) -> Option<Duration> {
        let state = self.machine.state();
        state.rejects_for(&self.config, || Tick::at(now))
    }

    /// Whether a success would change nothing, so that it need not be reported.
    #[inline]
    pub(super) fn has_no_failures(&self, epoch: Epoch) -> bool {
        self.config.window.is_none() && self.machine.has_no_failures(epoch)
    }

    /// Applies the verdict of a permit.
    #[cold]
    #[inline(never)]
    pub(super) fn ended(&self, epoch: Epoch, began: u32, failed: bool, now: impl Fn() -> Instant) {
        if let Some(window) = self.config.window {
            return self.ended_in_window(window, epoch, began, failed, now);
        }
        let change = if failed {
            let until = || self.open_until(now());
            self.machine.fail(epoch, &self.config, until)
        } else {
            self.machine.succeed(epoch, &self.config)
        };
        self.report_change(change, None);
    }

    fn ended_in_window(
        &self,
        window: Window,
        epoch: Epoch,
        began: u32,
        failed: bool,
        now: impl Fn() -> Instant,
    ) {
        let state = self.machine.state();
        let tick = || Tick::at(now());
        let limit = self.config.slow_call;
        let slow = limit.is_some_and(|limit| tick().since_low(began) > limit);
        let cause = match state.phase {
            Phase::Closed { .. } => {
                if state.epoch != epoch {
                    return;
                }
                let record = self.window.get_or_init(|| WindowRecord::new(window, epoch));
                let tally = record.add(epoch, TalliedCall { failed, slow }, tick);
                match tally.judge(&self.config) {
                    Some(cause) => cause,
                    None => return,
                }
            }
            _ if failed => Cause::TrialFailed,
            _ if slow => Cause::TrialSlow,
            _ => return self.report_change(self.machine.succeed(epoch, &self.config), None),
        };
        let change = self.machine.trip(epoch, || self.open_until(now()));
        self.report_change(change, Some(cause));
    }

    /// Applies the drop of a permit without a verdict.
    pub(super) fn given_back(&self, epoch: Epoch) {
        self.machine.give_back(epoch);
    }

    /// Returns the time at which a circuit that opens now may be tried again.
    ///
    /// The draw is rounded up to a tick: beside the fraction of a tick at which the circuit opens, that of
    /// the draw would make the outcome of one seed differ from run to run.
    fn open_until(&self, now: Instant) -> Tick {
        let (least, most) = self.config.open_nanos();
        let nanos = random::with_thread(|random| random.between(least, most));
        Tick::after(now, Duration::from_millis(nanos.div_ceil(1_000_000)))
    }
}

/// Observation and control.
impl CircuitBreaker {
    /// Returns the name in logs, metrics and errors.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the circuit's labels in metrics.
    pub(super) const fn labels(&self) -> Circuit<'_> {
        Circuit {
            name: &self.name,
            class: self.class,
        }
    }

    /// Returns the class of the operation for which it was made; `None` if code named it.
    #[must_use]
    pub const fn class(&self) -> Option<&'static str> {
        self.class
    }

    /// Returns the state. An open circuit becomes half open when a call requests a permit, not by time
    /// alone: it stays `Open` until then, and [`retry_after`](Self::retry_after) shows whether a call
    /// may try.
    #[must_use]
    pub fn state(&self) -> CircuitState {
        self.machine.state().name()
    }

    /// Returns the time for which the circuit still rejects calls, rounded up to a millisecond: the
    /// rest of the open time, or, while trial calls have all permits, the time after which another
    /// call may try even if none of them ends. `None` if the next call may pass, and while it is
    /// forced open, when the time is unknown.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let answer = self.machine.check(&self.config, || Tick::at(now()));
        answer.err().flatten()
    }

    /// Rejects all calls from now on, until [`reset`](Self::reset). Calls under way go on; their
    /// verdicts are discarded.
    ///
    /// ```
    /// let breaker = retry_core::CircuitBreaker::new("search");
    /// breaker.force_open();
    /// let rejected = breaker.try_acquire().unwrap_err();
    /// assert_eq!(rejected.retry_after, None);
    /// breaker.reset();
    /// assert!(breaker.try_acquire().is_ok());
    /// ```
    pub fn force_open(&self) {
        self.report_change(self.machine.force_open(), None);
    }

    /// Closes the circuit in any state, and forgets its counts. Verdicts of calls under way are
    /// discarded.
    pub fn reset(&self) {
        self.report_change(self.machine.reset(), None);
    }

    pub(super) fn report_change(&self, change: StateChange, cause: Option<Cause>) {
        if change.is_transition() {
            self.transition(change, cause);
        }
    }

    /// Reports each change of state, once. An opening without a `cause` comes from failures.
    #[cold]
    fn transition(&self, change: StateChange, cause: Option<Cause>) {
        let (name, from) = (self.name(), change.before.name().as_str());
        match change.after.phase {
            Phase::Closed { .. } => circuit::circuit_closed(name, from),
            Phase::Open { until } => {
                let left = until.left(Tick::at(now())).unwrap_or(Duration::ZERO);
                let cause = cause.unwrap_or(Cause::of_failure(change.before));
                circuit::circuit_opened(name, from, &cause, left);
            }
            Phase::HalfOpen { .. } => {
                circuit::circuit_half_open(name, from, self.config.half_open_permits);
            }
            Phase::ForcedOpen => circuit::circuit_forced_open(name, from),
        }
        let (from, to) = (change.before.name(), change.after.name());
        self.metrics
            .changed(self.labels(), from, to, || self.state());
    }
}

impl fmt::Debug for CircuitBreaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CircuitBreaker")
            .field("name", &self.name)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}

pub(super) fn now() -> Instant {
    crate::clock::now()
}
