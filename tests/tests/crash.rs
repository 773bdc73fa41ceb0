//! The gate against what happens to processes: they race, they are killed, they are stopped, their
//! clocks are moved, their file is taken from them.
//!
//! Effects are counted outside the store, in files that every attempt appends to. Each test prints
//! a line with what it has seen (`--nocapture`). The full numbers:
//!
//! ```text
//! RETRY_EFFECTS_FULL=1 cargo test --release -p retry-tests --test crash -- --nocapture
//! ```
#![cfg(unix)]

#[cfg(test)]
mod crash {
    mod callee;
    mod clock;
    mod failure;
    mod file;
    mod kill;
    mod kill_at;
    mod kill_random;
    mod point;
    mod race;
    mod recovery;
    mod stop;
    mod worker;

    /// The number of a test's short form, or of its full one where that is asked for.
    fn short_or_full(short: u64, full: u64) -> u64 {
        if std::env::var_os("RETRY_EFFECTS_FULL").is_some_and(|value| value == "1") {
            full
        } else {
            short
        }
    }

    /// Pseudo-random numbers that a seed gives again (`SplitMix64`).
    struct Draws(u64);

    impl Draws {
        fn next(&mut self) -> u64 {
            self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        }

        fn below(&mut self, end: u64) -> u64 {
            self.next() % end
        }
    }

    /// The seed of a test: another one each time, unless `RETRY_TESTS_SEED` names one.
    fn seed() -> u64 {
        let named = std::env::var("RETRY_TESTS_SEED").ok();
        named.map_or_else(
            || retry_effects::ClaimId::random().bits() as u32 as u64,
            |seed| seed.parse().expect("RETRY_TESTS_SEED is a number"),
        )
    }
}
