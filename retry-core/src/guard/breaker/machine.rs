//! [`Machine`]: a circuit's atomic state, changed one step at a time.

use std::time::Duration;

use tokio::time::Instant;

use super::config::BreakerConfig;
use super::epoch::Epoch;
use super::state::{Phase, State};
use super::tick::Tick;
use super::trials::Trials;
use crate::sync::atomic_word::AtomicWord;

/// The result of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StateChange {
    pub(super) before: State,
    pub(super) after: State,
}

impl StateChange {
    /// Whether the circuit changed its state. Exactly one caller learns of each change.
    pub(super) fn is_transition(&self) -> bool {
        self.before.name() != self.after.name()
    }
}

/// One atomic integer holds the whole state, so a change always starts from the whole state that it
/// replaces. The state about trials stands beside it, and is written first.
pub(super) struct Machine<W> {
    state: W,
    trials: W,
}

impl<W> Machine<W> {
    /// Makes a closed circuit, whose two integers are zero.
    pub(super) const fn new(state: W, trials: W) -> Self {
        Self { state, trials }
    }
}

impl<W: AtomicWord> Machine<W> {
    #[inline]
    pub(super) fn state(&self) -> State {
        State::unpack(self.state.load())
    }

    /// Returns the epoch of a closed circuit; a call needs no more to pass.
    #[inline]
    pub(super) fn closed(&self) -> Option<Epoch> {
        let state = self.state();
        matches!(state.phase, Phase::Closed { .. }).then_some(state.epoch)
    }

    /// Whether a success of `epoch` would change nothing: the circuit is closed and no call has failed
    /// since the last success.
    #[inline]
    pub(super) fn has_no_failures(&self, epoch: Epoch) -> bool {
        let well = State {
            epoch,
            phase: Phase::Closed { failures: 0 },
        };
        self.state.load() == well.pack()
    }

    /// A closed circuit is read and not written.
    ///
    /// While call B replaces the overdue trial A, A may be dropped and C may take its place, which
    /// restores the integer that B has read. B's exchange then succeeds too, and both B and C are
    /// trials.
    pub(super) fn acquire(
        &self,
        config: &BreakerConfig,
        now: impl Fn() -> Instant,
    ) -> Result<StateChange, Option<Duration>> {
        loop {
            // In this order: a circuit found half open then has these trials, or later ones, and later
            // ones make the exchange below fail.
            let (trials, word) = (self.trials.load(), self.state.load());
            let before = State::unpack(word);
            let after = before.acquired(config, Trials::unpack(trials), || Tick::at(now()))?;
            let change = StateChange { before, after };
            if after == before {
                return Ok(change);
            }
            let renewed = Trials {
                first: match before.phase {
                    Phase::HalfOpen { .. } => Trials::unpack(trials).first,
                    _ => after.epoch,
                },
                overdue_at: Tick::after(now(), config.recovery_timeout),
            };
            let renewed = renewed.pack();
            let is_known =
                renewed == trials || self.trials.compare_exchange(trials, renewed).is_ok();
            if is_known && self.state.compare_exchange(word, after.pack()).is_ok() {
                return Ok(change);
            }
        }
    }

    /// Returns the time after which to request a permit again: the error that [`acquire`](Self::acquire)
    /// would give.
    pub(super) fn check(
        &self,
        config: &BreakerConfig,
        now: impl Fn() -> Tick,
    ) -> Result<(), Option<Duration>> {
        let trials = self.trials();
        self.state().acquired(config, trials, now).map(drop)
    }

    /// A closed circuit without failures is read and not written.
    pub(super) fn succeed(&self, epoch: Epoch, config: &BreakerConfig) -> StateChange {
        self.step(|state| state.succeeded(epoch, config, || self.trials()))
    }

    pub(super) fn fail(
        &self,
        epoch: Epoch,
        config: &BreakerConfig,
        until: impl Fn() -> Tick,
    ) -> StateChange {
        self.step(|state| state.failed(epoch, config, || self.trials(), &until))
    }

    pub(super) fn trip(&self, epoch: Epoch, until: impl Fn() -> Tick) -> StateChange {
        self.step(|state| state.tripped(epoch, || self.trials(), &until))
    }

    pub(super) fn give_back(&self, epoch: Epoch) {
        self.step(|state| state.given_back(epoch));
    }

    pub(super) fn force_open(&self) -> StateChange {
        self.step(State::forced_open)
    }

    pub(super) fn reset(&self) -> StateChange {
        self.step(State::reset)
    }

    fn trials(&self) -> Trials {
        Trials::unpack(self.trials.load())
    }

    fn step(&self, next: impl Fn(State) -> State) -> StateChange {
        let mut word = self.state.load();
        loop {
            let before = State::unpack(word);
            let after = next(before);
            // Without a write, the cache line stays shared.
            let written = if after == before {
                Ok(word)
            } else {
                self.state.compare_exchange(word, after.pack())
            };
            match written {
                Ok(_) => return StateChange { before, after },
                Err(current) => word = current,
            }
        }
    }
}

#[cfg(test)]
mod tests;
