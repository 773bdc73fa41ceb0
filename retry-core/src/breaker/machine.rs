//! [`Machine`]: a circuit's word, changed one step at a time.

use std::time::Duration;

use super::config::BreakerConfig;
use super::state::{Epoch, State};
use super::tick::Tick;
use crate::word::Word;

/// What a step made of the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) before: State,
    pub(super) after: State,
}

impl Change {
    /// Whether the circuit went from one state into another. Exactly one caller learns of each.
    pub(super) fn is_transition(&self) -> bool {
        self.before.name() != self.after.name()
    }
}

/// One word that holds the whole state: whoever changes it has seen all of what it changes.
pub(super) struct Machine<W>(W);

impl<W> Machine<W> {
    /// Closed, where `word` is zero.
    pub(super) const fn new(word: W) -> Self {
        Self(word)
    }
}

impl<W: Word> Machine<W> {
    #[inline]
    pub(super) fn state(&self) -> State {
        State::unpack(self.0.load())
    }

    /// A closed circuit is read and not written.
    #[inline]
    pub(super) fn acquire(
        &self,
        config: &BreakerConfig,
        now: impl Fn() -> Tick,
    ) -> Result<Change, Option<Duration>> {
        self.try_step(|state| state.acquired(config, &now))
    }

    /// A closed circuit without failures is read and not written.
    #[inline]
    pub(super) fn succeed(&self, epoch: Epoch, config: &BreakerConfig) -> Change {
        self.step(|state| state.succeeded(epoch, config))
    }

    pub(super) fn fail(
        &self,
        epoch: Epoch,
        config: &BreakerConfig,
        until: impl Fn() -> Tick,
    ) -> Change {
        self.step(|state| state.failed(epoch, config, &until))
    }

    pub(super) fn trip(&self, epoch: Epoch, until: impl Fn() -> Tick) -> Change {
        self.step(|state| state.tripped(epoch, &until))
    }

    #[inline]
    pub(super) fn give_back(&self, epoch: Epoch) {
        self.step(|state| state.given_back(epoch));
    }

    pub(super) fn force_open(&self) -> Change {
        self.step(State::forced_open)
    }

    pub(super) fn reset(&self) -> Change {
        self.step(State::reset)
    }

    #[inline]
    fn step(&self, next: impl Fn(State) -> State) -> Change {
        match self.try_step(|state| Ok::<_, std::convert::Infallible>(next(state))) {
            Ok(change) => change,
            Err(never) => match never {},
        }
    }

    #[inline]
    fn try_step<E>(&self, next: impl Fn(State) -> Result<State, E>) -> Result<Change, E> {
        let mut word = self.0.load();
        loop {
            let before = State::unpack(word);
            let after = next(before)?;
            // Nothing to write is nothing shared.
            let written = if after == before {
                Ok(word)
            } else {
                self.0.compare_exchange(word, after.pack())
            };
            match written {
                Ok(_) => return Ok(Change { before, after }),
                Err(current) => word = current,
            }
        }
    }
}
