//! Jitter: spreads waits so that clients do not come back at the same instant.

use std::time::Duration;

use super::random::Random;
use crate::policy::growth::nanos;

/// Spread of the waits.
///
/// `Equal`, `Full` and `Decorrelated` have their names from M. Brooker, "Exponential Backoff and Jitter" (AWS
/// Architecture Blog, 2015). `Equal` differs from the one there: it draws from the upper half of the doubled
/// step instead of the upper half of the step.
///
/// Below, *step* is the result of the growth for this retry; *min* and *cap* are the policy's `min_wait`
/// and `max_wait`. No jitter exceeds the cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Jitter {
    /// The step itself, `min(cap, step)`: all clients wait equally long. For tests, and for a sole
    /// client.
    None,
    /// `step + U(0, d)`; where the cap would cut this range, uniform in the last `d` below the cap
    /// instead.
    Additive(Duration),
    /// Uniform in the upper half of the doubled step: with `e = min(cap, 2 × step)`, in
    /// `[max(e / 2, min), e]`. Never under `min`, and still spread at the cap.
    Equal,
    /// `U(0, min(cap, step))`, without a floor: the fewest calls under contention.
    Full,
    /// `min(cap, U(min, 3 × previous wait))`; does not use the growth.
    Decorrelated,
}

/// Input of a draw, all in nanoseconds.
#[derive(Clone, Copy)]
pub(crate) struct JitterInput {
    pub(crate) step: u64,
    pub(crate) min: u64,
    pub(crate) cap: u64,
    /// The previous wait; 0 for none.
    pub(crate) previous: u64,
}

impl Jitter {
    /// Returns the range from which a wait is drawn, both ends included.
    pub(crate) fn range(self, from: JitterInput) -> (u64, u64) {
        let JitterInput {
            step,
            min,
            cap,
            previous,
        } = from;
        match self {
            Self::None => (step.min(cap), step.min(cap)),
            Self::Additive(spread) => {
                let (step, spread) = (step.min(cap), nanos(spread));
                let low = step.min(cap.saturating_sub(spread).max(min));
                (low, step.saturating_add(spread).min(cap))
            }
            Self::Equal => {
                let high = step.saturating_mul(2).min(cap);
                ((high / 2).max(min).min(high), high)
            }
            Self::Full => (0, step.min(cap)),
            Self::Decorrelated => (min, previous.max(min).saturating_mul(3)),
        }
    }

    pub(crate) fn draw(self, from: JitterInput, random: &mut Random) -> u64 {
        let (low, high) = self.range(from);
        if low >= high {
            return low.min(from.cap);
        }
        random.between(low, high).min(from.cap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    fn step(step: u64, min: u64, cap: u64) -> JitterInput {
        JitterInput {
            step: step * MS,
            min: min * MS,
            cap: cap * MS,
            previous: 0,
        }
    }

    fn range(jitter: Jitter, from: JitterInput) -> (u64, u64) {
        let (low, high) = jitter.range(from);
        (low / MS, high / MS)
    }

    #[test]
    fn ranges_below_and_at_the_cap() {
        let fifty = Jitter::Additive(Duration::from_millis(50));
        for (jitter, from, expected) in [
            (Jitter::None, step(300, 100, 1_000), (300, 300)),
            (Jitter::None, step(3_000, 100, 1_000), (1_000, 1_000)),
            (fifty, step(300, 100, 1_000), (300, 350)),
            (fifty, step(980, 100, 1_000), (950, 1_000)),
            (fifty, step(9_999, 100, 1_000), (950, 1_000)),
            (fifty, step(9_999, 1_000, 1_000), (1_000, 1_000)),
            (Jitter::Equal, step(300, 100, 1_000), (300, 600)),
            (Jitter::Equal, step(700, 100, 1_000), (500, 1_000)),
            (Jitter::Equal, step(9_999, 100, 1_000), (500, 1_000)),
            (Jitter::Equal, step(9_999, 800, 1_000), (800, 1_000)),
            (Jitter::Full, step(300, 100, 1_000), (0, 300)),
            (Jitter::Full, step(9_999, 100, 1_000), (0, 1_000)),
            (Jitter::Decorrelated, step(9_999, 100, 1_000), (100, 300)),
        ] {
            assert_eq!(range(jitter, from), expected, "{jitter:?}");
        }
    }

    #[test]
    fn decorrelated_follows_the_wait_before_up_to_the_cap() {
        let from = JitterInput {
            previous: 900 * MS,
            ..step(0, 100, 1_000)
        };
        assert_eq!(range(Jitter::Decorrelated, from), (100, 2_700));
        let mut random = Random::seeded(1);
        let drawn: Vec<u64> = (0..200)
            .map(|_| Jitter::Decorrelated.draw(from, &mut random))
            .collect();
        assert!(
            drawn
                .iter()
                .all(|wait| (100 * MS..=1_000 * MS).contains(wait))
        );
        assert!(
            drawn.contains(&(1_000 * MS)),
            "the published formula piles up at the cap"
        );
    }
}
