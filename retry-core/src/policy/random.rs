//! Randomness for jitter: spread, not secrecy.

use std::cell::Cell;
use std::hash::{BuildHasher, RandomState};
use std::time::SystemTime;

/// `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014): one
/// addition and a finaliser; every seed is good, and the sequence is the same everywhere.
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

    /// Returns a number uniform in `low..=high`; `low` if the range is empty.
    ///
    /// Takes the high half of a 128-bit product, without the rejection step: the bias is under (high −
    /// low) / 2⁶⁴, too small to show in a wait.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        let span = u128::from(high.saturating_sub(low)) + 1;
        let offset = (u128::from(self.next()) * span) >> 64;
        // `offset <= high - low`, so it fits.
        low + u64::try_from(offset).unwrap_or(0)
    }
}

/// A thread's generator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ThreadRandom {
    random: Random,
    /// Whether a test has fixed the sequence, so that nothing may change it.
    is_fixed: bool,
}

impl ThreadRandom {
    /// Makes an independent sequence with a random start.
    fn new() -> Self {
        Self {
            random: Random(RandomState::new().hash_one(0_u8)),
            is_fixed: false,
        }
    }

    #[cfg(feature = "testing")]
    pub(crate) const fn seeded(seed: u64) -> Self {
        Self {
            random: Random::seeded(seed),
            is_fixed: true,
        }
    }

    /// Moves the state by the current time. A process and its fork have the same state and would draw
    /// the same waits from then on; two different times never lead to the same state. The clock is read
    /// once a wait, which takes longer than the read.
    fn stir(&mut self, nanos: impl FnOnce() -> u64) {
        if !self.is_fixed {
            self.random.0 ^= nanos();
        }
    }
}

/// Returns the wall clock in nanoseconds, wrapping. It moves on in a copied machine too.
fn nanos() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| {
        let seconds = since.as_secs().wrapping_mul(1_000_000_000);
        seconds.wrapping_add(u64::from(since.subsec_nanos()))
    })
}

thread_local! {
    /// Each thread draws from its own sequence: two clients, or two calls of one client, never share
    /// their jitter.
    static THREAD: Cell<ThreadRandom> = Cell::new(ThreadRandom::new());
}

/// Runs `draw` on this thread's generator.
pub(crate) fn with_thread<T>(draw: impl FnOnce(&mut Random) -> T) -> T {
    // A thread that is being torn down has no generator left; a fresh one takes its place.
    let mut source = THREAD
        .try_with(Cell::get)
        .unwrap_or_else(|_| ThreadRandom::new());
    source.stir(nanos);
    let drawn = draw(&mut source.random);
    let _ = THREAD.try_with(|thread| thread.set(source));
    drawn
}

/// Replaces this thread's generator and returns the old one.
#[cfg(feature = "testing")]
pub(crate) fn replace_thread(source: ThreadRandom) -> ThreadRandom {
    THREAD.replace(source)
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

    /// `fork()` copies a thread's state.
    #[test]
    fn a_copy_draws_something_else() {
        for begun in 0..1_000 {
            let mut parent = ThreadRandom {
                random: Random::seeded(begun),
                is_fixed: false,
            };
            let mut child = parent;
            // Neighbouring nanoseconds are the smallest distance of two draws.
            parent.stir(|| 1_800_000_000_000_000_000 + begun);
            child.stir(|| 1_800_000_000_000_000_001 + begun);
            let drawn = |source: &mut ThreadRandom| -> Vec<u64> {
                let draws = (0..4).map(|_| source.random.between(0, 1_000_000));
                draws.collect()
            };
            let pairs = drawn(&mut parent).into_iter().zip(drawn(&mut child));
            assert!(pairs.filter(|(one, other)| one == other).count() <= 1);
        }
    }

    #[test]
    fn a_fixed_sequence_is_not_stirred() {
        let mut fixed = ThreadRandom {
            random: Random::seeded(1_234_567),
            is_fixed: true,
        };
        fixed.stir(|| unreachable!("the clock is not read"));
        assert_eq!(fixed.random.next(), 6_457_827_717_110_365_317);
    }

    #[test]
    fn a_thread_does_not_repeat_itself() {
        let drawn = |_| with_thread(|random| random.between(0, u64::MAX));
        let drawn: std::collections::BTreeSet<u64> = (0..1_000).map(drawn).collect();
        assert_eq!(drawn.len(), 1_000);
    }
}
