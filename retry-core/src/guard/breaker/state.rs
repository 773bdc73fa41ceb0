//! The state of a circuit as one 64-bit integer, and its transition for each event, as plain
//! functions of the state and of parameters.

use std::time::Duration;

use super::config::BreakerConfig;
use super::epoch::Epoch;
use super::ranges;
use super::tick::Tick;
use super::trials::Trials;
use crate::report::circuit::CircuitState;

/// A circuit's state, except its epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Failures in a row; 0 if a window counts.
    Closed {
        failures: u32,
    },
    Open {
        until: Tick,
    },
    /// Calls that hold a permit of this round, and successes of this stretch.
    HalfOpen {
        trying: u32,
        succeeded: u32,
    },
    ForcedOpen,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    pub(super) epoch: Epoch,
    pub(super) phase: Phase,
}

/// Layout of the 64 bits: two for the phase, forty for its numbers, the rest for the epoch.
const PHASE_BITS: u32 = 2;
const HALF: u32 = Tick::BITS / 2;
const EPOCH_AT: u32 = PHASE_BITS + Tick::BITS;
const _: () = assert!(EPOCH_AT + Epoch::BITS == u64::BITS);
// The two counts of a half-open circuit share the forty bits.
const _: () = assert!((ranges::MAX_TRIALS as u64) < 1 << HALF);

impl State {
    /// Packs the state. The initial state of a circuit is zero.
    pub(super) const fn pack(self) -> u64 {
        let (phase, numbers) = match self.phase {
            Phase::Closed { failures } => (0, failures as u64),
            Phase::Open { until } => (1, until.bits()),
            Phase::HalfOpen { trying, succeeded } => {
                (2, (trying as u64) << HALF | succeeded as u64)
            }
            Phase::ForcedOpen => (3, 0),
        };
        self.epoch.bits() << EPOCH_AT | numbers << PHASE_BITS | phase
    }

    pub(super) const fn unpack(word: u64) -> Self {
        let numbers = Tick::from_bits(word >> PHASE_BITS).bits();
        let phase = match word & ((1 << PHASE_BITS) - 1) {
            0 => Phase::Closed {
                failures: numbers as u32,
            },
            1 => Phase::Open {
                until: Tick::from_bits(numbers),
            },
            2 => Phase::HalfOpen {
                trying: (numbers >> HALF) as u32,
                succeeded: (numbers & ((1 << HALF) - 1)) as u32,
            },
            _ => Phase::ForcedOpen,
        };
        Self {
            epoch: Epoch::from_bits(word >> EPOCH_AT),
            phase,
        }
    }

    pub(super) const fn name(self) -> CircuitState {
        match self.phase {
            Phase::Closed { .. } => CircuitState::Closed,
            Phase::Open { .. } => CircuitState::Open,
            Phase::HalfOpen { .. } => CircuitState::HalfOpen,
            Phase::ForcedOpen => CircuitState::ForcedOpen,
        }
    }

    /// Returns the time for which calls are certainly rejected: without end if it is forced open,
    /// `None` if the next request may pass.
    pub(super) fn rejects_for(
        self,
        config: &BreakerConfig,
        now: impl Fn() -> Tick,
    ) -> Option<Duration> {
        match self.phase {
            Phase::Closed { .. } | Phase::HalfOpen { .. } => None,
            // More time is left than any open time, so the clock went back, and the time of the
            // opening has lost its meaning.
            Phase::Open { until } => until
                .left(now())
                .filter(|left| *left <= config.longest_open()),
            Phase::ForcedOpen => Some(Duration::MAX),
        }
    }

    /// Requests a permit. The error is the time after which to request again, as in
    /// [`CircuitOpen`](crate::guard::breaker::error::CircuitOpen).
    ///
    /// If all permits are out and all trials under way are overdue, a new round of trials begins.
    pub(super) fn acquired(
        self,
        config: &BreakerConfig,
        trials: Trials,
        now: impl Fn() -> Tick,
    ) -> Result<Self, Option<Duration>> {
        match self.phase {
            Phase::Closed { .. } => Ok(self),
            Phase::HalfOpen { trying, succeeded } if trying < config.half_open_permits => Ok(self
                .stays(Phase::HalfOpen {
                    trying: trying + 1,
                    succeeded,
                })),
            Phase::HalfOpen { succeeded, .. } => match trials.left(config, now()) {
                Some(left) => Err(Some(left)),
                None => Ok(self.becomes(Phase::HalfOpen {
                    trying: 1,
                    succeeded,
                })),
            },
            Phase::Open { .. } => match self.rejects_for(config, now) {
                Some(left) => Err(Some(left)),
                None => Ok(self.becomes(Phase::HalfOpen {
                    trying: 1,
                    succeeded: 0,
                })),
            },
            Phase::ForcedOpen => Err(None),
        }
    }

    /// Applies the success of a call with a permit of `epoch`.
    pub(super) fn succeeded(
        self,
        epoch: Epoch,
        config: &BreakerConfig,
        trials: impl Fn() -> Trials,
    ) -> Self {
        match self.phase {
            Phase::Closed { .. } if epoch == self.epoch => {
                self.stays(Phase::Closed { failures: 0 })
            }
            Phase::HalfOpen { trying, succeeded } if self.accepts(epoch, trials) => {
                let succeeded = succeeded + 1;
                if succeeded >= config.success_threshold {
                    self.becomes(Phase::Closed { failures: 0 })
                } else {
                    self.stays(Phase::HalfOpen {
                        trying: self.without(epoch, trying),
                        succeeded,
                    })
                }
            }
            _ => self,
        }
    }

    /// Applies the failure of a call with a permit of `epoch`. `until` is the end of an open circuit.
    pub(super) fn failed(
        self,
        epoch: Epoch,
        config: &BreakerConfig,
        trials: impl Fn() -> Trials,
        until: impl Fn() -> Tick,
    ) -> Self {
        match self.phase {
            Phase::Closed { failures } if epoch == self.epoch => {
                let failures = failures.saturating_add(1);
                if failures >= config.failure_threshold {
                    self.tripped(epoch, trials, until)
                } else {
                    self.stays(Phase::Closed { failures })
                }
            }
            _ => self.tripped(epoch, trials, until),
        }
    }

    /// Opens the circuit: the verdicts of `epoch` are enough.
    pub(super) fn tripped(
        self,
        epoch: Epoch,
        trials: impl Fn() -> Trials,
        until: impl Fn() -> Tick,
    ) -> Self {
        match self.phase {
            Phase::Closed { .. } | Phase::HalfOpen { .. } if self.accepts(epoch, &trials) => {
                self.becomes(Phase::Open { until: until() })
            }
            _ => self,
        }
    }

    /// Applies the end, without a verdict, of a call with a permit of `epoch`.
    pub(super) fn given_back(self, epoch: Epoch) -> Self {
        match self.phase {
            Phase::HalfOpen { trying, succeeded } => self.stays(Phase::HalfOpen {
                trying: self.without(epoch, trying),
                succeeded,
            }),
            _ => self,
        }
    }

    pub(super) fn forced_open(self) -> Self {
        match self.phase {
            Phase::ForcedOpen => self,
            _ => self.becomes(Phase::ForcedOpen),
        }
    }

    /// Closes the circuit, with a new epoch even if it was closed: verdicts under way are then outdated.
    pub(super) fn reset(self) -> Self {
        self.becomes(Phase::Closed { failures: 0 })
    }

    /// Whether a verdict of `epoch` counts: its permit is of this stretch, in any round.
    fn accepts(self, epoch: Epoch, trials: impl Fn() -> Trials) -> bool {
        let earlier_round = || {
            matches!(self.phase, Phase::HalfOpen { .. })
                && epoch.is_within(trials().first, self.epoch)
        };
        epoch == self.epoch || earlier_round()
    }

    /// Returns the trials of this round without one of `epoch`: a trial of an earlier round has lost its
    /// place to another call, and frees none.
    fn without(self, epoch: Epoch, trying: u32) -> u32 {
        trying.saturating_sub((epoch == self.epoch).into())
    }

    const fn stays(self, phase: Phase) -> Self {
        Self { phase, ..self }
    }

    const fn becomes(self, phase: Phase) -> Self {
        Self {
            epoch: self.epoch.next(),
            phase,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn phases() -> impl Strategy<Value = Phase> {
        prop_oneof![
            any::<u32>().prop_map(|failures| Phase::Closed { failures }),
            (0..1_u64 << Tick::BITS).prop_map(|tick| Phase::Open {
                until: Tick::from_bits(tick)
            }),
            (0..=ranges::MAX_TRIALS, 0..=ranges::MAX_TRIALS)
                .prop_map(|(trying, succeeded)| Phase::HalfOpen { trying, succeeded }),
            Just(Phase::ForcedOpen),
        ]
    }

    proptest! {
        #[test]
        fn a_word_holds_any_state(phase in phases(), epoch in 0..1_u64 << Epoch::BITS) {
            let state = State { epoch: Epoch::from_bits(epoch), phase };
            prop_assert_eq!(State::unpack(state.pack()), state);
        }
    }

    #[test]
    fn a_circuit_begins_closed() {
        assert_eq!(State::unpack(0).phase, Phase::Closed { failures: 0 });
    }
}
