//! [`Trials`]: the trials that a half-open circuit waits for, and their time limit.

use std::time::Duration;

use super::config::BreakerConfig;
use super::epoch::Epoch;
use super::tick::Tick;

/// The state of a half-open circuit's trials, except their number. It is a second atomic integer,
/// and a call writes it first. So while the circuit's own integer shows a half-open stretch, this
/// one belongs to that stretch or to a later one, never to an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trials {
    /// The first round of the stretch.
    pub(super) first: Epoch,
    /// The start of the newest trial plus the recovery timeout. After it all trials under way are
    /// overdue, and a new call may replace one.
    pub(super) overdue_at: Tick,
}

impl Trials {
    pub(super) const fn pack(self) -> u64 {
        self.first.bits() << Tick::BITS | self.overdue_at.bits()
    }

    pub(super) const fn unpack(word: u64) -> Self {
        Self {
            first: Epoch::from_bits(word >> Tick::BITS),
            overdue_at: Tick::from_bits(word),
        }
    }

    /// Returns the time until the youngest trial is overdue; `None` once it is. A value above every
    /// open time means that the clock went back.
    pub(super) fn left(self, config: &BreakerConfig, now: Tick) -> Option<Duration> {
        self.overdue_at
            .left(now)
            .filter(|left| *left <= config.longest_open())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_word_holds_any_trials(
            first in 0..1_u64 << Epoch::BITS,
            overdue_at in 0..1_u64 << Tick::BITS,
        ) {
            let trials = Trials {
                first: Epoch::from_bits(first),
                overdue_at: Tick::from_bits(overdue_at),
            };
            prop_assert_eq!(Trials::unpack(trials.pack()), trials);
        }
    }
}
