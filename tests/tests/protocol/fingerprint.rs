//! The hash that a visited state is known by, the same in every run and quick without optimisation.

use std::hash::Hasher;

#[derive(Default)]
pub(crate) struct Fingerprint(u64);

impl Fingerprint {
    fn mix(&mut self, value: u64) {
        // The first half of the finaliser of SplitMix64, which is quick and enough: different values
        // never lead from one state to the same one.
        let mixed = (self.0 ^ value).wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        self.0 = mixed ^ (mixed >> 27);
    }
}

impl Hasher for Fingerprint {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.mix(u64::from(*byte));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.mix(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.mix(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.mix(value);
    }

    // Of enums: which variant, always small and never negative.
    fn write_isize(&mut self, value: isize) {
        self.mix(value.unsigned_abs() as u64);
    }

    fn write_usize(&mut self, value: usize) {
        self.mix(value as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
