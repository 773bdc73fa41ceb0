//! Random numbers that a seed gives again.

/// `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
///
/// `retry-core` has its own for jitter, which it does not export: a test that drew from it would take
/// numbers from the waits that are under test.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Returns the sequence of `seed`.
    #[must_use]
    pub const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns 64 bits, each as often 0 as 1.
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number uniform in `0..end`; 0 if `end` is 0.
    pub const fn below(&mut self, end: u64) -> u64 {
        ((self.bits() as u128 * end as u128) >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_sequence() {
        // Reference outputs for the seed 1234567.
        let mut random = Random::seeded(1_234_567);
        assert_eq!(random.bits(), 6_457_827_717_110_365_317);
        assert_eq!(random.bits(), 3_203_168_211_198_807_973);
        assert_eq!(random.bits(), 9_817_491_932_198_370_423);
    }

    #[test]
    fn below_keeps_its_bound_and_reaches_all_values() {
        let mut random = Random::seeded(7);
        let drawn: Vec<u64> = (0..1_000).map(|_| random.below(7)).collect();
        assert!(drawn.iter().all(|value| *value < 7));
        assert!((0..7).all(|value| drawn.contains(&value)));
        assert_eq!(random.below(1), 0);
        assert_eq!(random.below(0), 0);
    }
}
