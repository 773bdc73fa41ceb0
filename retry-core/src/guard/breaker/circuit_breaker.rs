//! [`CircuitBreaker`]: calls to a side that is down are rejected at once, until it is back.
//!
//! The whole state is one word: which state, its numbers and an epoch. What each event makes of it
//! is a plain function ([`state`]); a step is one compare-and-swap ([`machine`]); clock, randomness
//! and reports are here, at the edge.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;

use tokio::time::Instant;

use super::cause::Cause;
use super::epoch::Epoch;
use super::machine::{Change, Machine};
use super::state::Phase;
use super::tick::Tick;
use super::window::Record;
use crate::guard::breaker::tally::Outcome;
use crate::policy::random;
use crate::report::circuit;
use crate::report::metrics::{Circuit, OfCircuit};

use super::config::BreakerConfig;
use super::config::Window;
use crate::report::circuit::CircuitState;
use crate::text::circuit_name::CircuitName;

/// Rejects calls to a dependency that keeps failing, and tries now and then whether it is back.
///
/// While *closed*, calls pass, and their failures are counted: 5 in a row open the circuit. While
/// *open*, calls are rejected for 60 s, spread by a tenth to either side so that not all clients
/// come back at once. Whoever asks first after that finds it *half open*: one call may try, the
/// rest are rejected still. Its success closes the circuit, its failure opens it again; where it is
/// dropped, or does not end within another 60 s, the next may try. All numbers can be set, and a
/// window over the last calls or the last while set in the place of failures in a row.
///
/// A breaker is made for a `static`, and shared by all calls to one dependency; one for each host or
/// tenant comes of [`CircuitBreakers`](crate::CircuitBreakers). In the default mode, a success reads
/// one word and writes nothing.
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
    /// The class of the operation that it was made for.
    pub(super) class: Option<&'static str>,
    pub(super) config: BreakerConfig,
    pub(super) machine: Machine<AtomicU64>,
    /// Made at the first verdict that goes into it.
    pub(super) window: OnceLock<Record>,
    /// Whether it has been said that another configuration goes by its name.
    pub(super) disputed: AtomicBool,
    /// Whether [`find_shared`](Self::find_shared) knows it.
    pub(super) listed: AtomicBool,
    pub(super) metrics: OfCircuit,
}

/// Calling.
impl CircuitBreaker {
    /// How long calls are rejected for certain from `now` on: forever where it was forced open;
    /// `None` where a call that asks may pass.
    pub(crate) fn opens_again_in(&self, now: Instant) -> Option<Duration> {
        let state = self.machine.state();
        state.rejects_for(&self.config, || Tick::at(now))
    }

    /// Whether nothing comes of a success: it need not be told.
    #[inline]
    pub(super) fn is_well(&self, epoch: Epoch) -> bool {
        self.config.window.is_none() && self.machine.is_well(epoch)
    }

    /// A permit gives its verdict.
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
        self.stepped(change, None);
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
                let record = self.window.get_or_init(|| Record::new(window, epoch));
                let tally = record.add(epoch, Outcome { failed, slow }, tick);
                match tally.judge(&self.config) {
                    Some(cause) => cause,
                    None => return,
                }
            }
            _ if failed => Cause::TrialFailed,
            _ if slow => Cause::TrialSlow,
            _ => return self.stepped(self.machine.succeed(epoch, &self.config), None),
        };
        let change = self.machine.trip(epoch, || self.open_until(now()));
        self.stepped(change, Some(cause));
    }

    /// A permit is dropped without a verdict.
    pub(super) fn given_back(&self, epoch: Epoch) {
        self.machine.give_back(epoch);
    }

    /// When a circuit that opens now may be tried again.
    fn open_until(&self, now: Instant) -> Tick {
        let (least, most) = self.config.open_nanos();
        let nanos = random::with_thread(|random| random.between(least, most));
        Tick::after(now, Duration::from_nanos(nanos))
    }
}

/// Watching and steering.
impl CircuitBreaker {
    /// The name in logs, metrics and errors.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// As metrics name it.
    pub(super) const fn labels(&self) -> Circuit<'_> {
        Circuit {
            name: &self.name,
            class: self.class,
        }
    }

    /// The class of the operation that it was made for; `None` where code named it.
    #[must_use]
    pub const fn class(&self) -> Option<&'static str> {
        self.class
    }

    /// Where it stands. An open circuit becomes half open when a call asks, not by time alone: it
    /// stays `Open` here until then, and [`retry_after`](Self::retry_after) tells whether one may.
    #[must_use]
    pub fn state(&self) -> CircuitState {
        self.machine.state().name()
    }

    /// How long the circuit still rejects calls, in milliseconds rounded up: the rest of the open
    /// time, or, while trial calls have all permits, the time after which another call may try even
    /// if none of them ends. `None` where the next call may pass, and where nobody knows: while it is
    /// forced open.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let asked = self.machine.ask(&self.config, || Tick::at(now()));
        asked.err().flatten()
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
        self.stepped(self.machine.force_open(), None);
    }

    /// Closes the circuit, whatever its state, and forgets what it has counted. Verdicts of calls
    /// that are under way are discarded.
    pub fn reset(&self) {
        self.stepped(self.machine.reset(), None);
    }

    pub(super) fn stepped(&self, change: Change, cause: Option<Cause>) {
        if change.is_transition() {
            self.transition(change, cause);
        }
    }

    /// Every change of state passes here, once. Without a cause, it is failures that open.
    #[cold]
    fn transition(&self, change: Change, cause: Option<Cause>) {
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
            .changed(self.labels(), (from, to), || self.state());
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
