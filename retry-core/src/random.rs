//! Randomness for jitter: spread, not secrecy.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};

/// `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014): one
/// addition and a finaliser, every seed good, the same sequence everywhere.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Random(u64);

const GOLDEN_GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

impl Random {
    pub(crate) const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN_GAMMA);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Uniform in `low..=high`; `low` where the range is empty.
    ///
    /// The high half of a 128-bit product, without the rejection step: the bias is under
    /// (high − low) / 2⁶⁴, nothing that a wait could show.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        let span = u128::from(high.saturating_sub(low)) + 1;
        let offset = (u128::from(self.next()) * span) >> 64;
        // `offset <= high - low`, so it fits.
        low + u64::try_from(offset).unwrap_or(0)
    }
}

thread_local! {
    /// Each thread draws from a sequence of its own, begun at a random place: two clients, or two
    /// calls of one, never share their jitter.
    static THREAD: Cell<Random> = Cell::new(Random(RandomState::new().hash_one(0_u8)));
}

/// Runs `draw` on this thread's generator.
pub(crate) fn with_thread<T>(draw: impl FnOnce(&mut Random) -> T) -> T {
    // A thread that is being torn down has no generator left: a fresh one serves.
    let mut random = THREAD
        .try_with(Cell::get)
        .unwrap_or_else(|_| Random(RandomState::new().hash_one(0_u8)));
    let drawn = draw(&mut random);
    let _ = THREAD.try_with(|thread| thread.set(random));
    drawn
}

/// Restarts this thread's generator at `seed` and returns what it was.
#[cfg(feature = "testing")]
pub(crate) fn replace_thread(random: Random) -> Random {
    THREAD.replace(random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_sequence() {
        // Reference outputs of `SplitMix64` for the seed 1234567.
        let mut random = Random::seeded(1_234_567);
        let drawn: Vec<u64> = (0..3).map(|_| random.next()).collect();
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn between_keeps_its_bounds_and_reaches_them() {
        let mut random = Random::seeded(7);
        let drawn: Vec<u64> = (0..1_000).map(|_| random.between(3, 6)).collect();
        assert!(drawn.iter().all(|value| (3..=6).contains(value)));
        assert!((3..=6).all(|value| drawn.contains(&value)));
        assert_eq!(random.between(9, 9), 9);
        assert_eq!(random.between(9, 3), 9);
        let _ = random.between(0, u64::MAX);
    }
}
