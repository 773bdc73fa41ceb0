//! [`Trials`]: which trials a half-open circuit waits for, and until when.

use std::time::Duration;

use super::config::BreakerConfig;
use super::epoch::Epoch;
use super::tick::Tick;

/// What a half-open circuit knows of its trials beside their number: a word of its own, which a call
/// writes before it takes its place in the circuit's word. A circuit that is seen half open has thus
/// the word of this stretch, or of a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trials {
    /// The first round of the stretch.
    pub(super) first: Epoch,
    /// When the trial that began last has run for as long as a circuit stays open: no trial under way
    /// is younger, so that another may take its place.
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

    /// How long it is until the youngest trial is overdue; `None` where it is. More than any open time
    /// tells of a clock that went back.
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
