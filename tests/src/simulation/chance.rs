//! Randomness for what is simulated; the engine has its own for jitter.

use std::f64::consts::TAU;
use std::time::Duration;

use crate::Random;

/// A sequence of random numbers that its seed decides.
#[derive(Clone, Debug)]
pub struct Chance(Random);

impl Chance {
    /// The sequence of `seed`.
    #[must_use]
    pub const fn seeded(seed: u64) -> Self {
        // Far from where the engine's generator begins, which is of the same kind.
        Self(Random::seeded(
            seed.wrapping_mul(0xD134_2543_DE82_EF95) ^ 0xA076_1D64_78BD_642F,
        ))
    }

    /// Uniform from 0 to 1, 1 excluded.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub const fn uniform(&mut self) -> f64 {
        (self.0.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform in `0..below`; 0 where there is nothing below.
    pub fn below(&mut self, below: usize) -> usize {
        usize::try_from(self.0.below(below as u64)).unwrap_or(0)
    }

    /// True with probability `p`.
    pub fn happens(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// Normal, by Box and Muller.
    pub fn normal(&mut self, mean: f64, deviation: f64) -> f64 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        mean + deviation * radius * (TAU * self.uniform()).cos()
    }

    /// The time to the next event of a Poisson process of `rate` events a second.
    pub fn until_next(&mut self, rate: f64) -> Duration {
        Duration::from_secs_f64(-(1.0 - self.uniform()).ln() / rate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::cast_precision_loss, reason = "a small count")]
    fn moments(draw: impl FnMut() -> f64) -> (f64, f64) {
        let drawn: Vec<f64> = std::iter::repeat_with(draw).take(20_000).collect();
        let count = drawn.len() as f64;
        let mean = drawn.iter().sum::<f64>() / count;
        let variance = drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        (mean, variance.sqrt())
    }

    fn near((mean, deviation): (f64, f64), expected: (f64, f64)) -> bool {
        (mean - expected.0).abs() < 0.03 * expected.0
            && (deviation - expected.1).abs() < 0.03 * expected.1
    }

    #[test]
    fn mean_and_deviation_are_those_of_the_distribution() {
        let mut chance = Chance::seeded(1);
        assert!(near(
            moments(|| chance.uniform()),
            (0.5, 1.0 / 12_f64.sqrt())
        ));
        assert!(near(moments(|| chance.normal(10.0, 2.0)), (10.0, 2.0)));
        assert!(near(
            moments(|| chance.until_next(80.0).as_secs_f64()),
            (0.0125, 0.0125)
        ));
        let share = moments(|| f64::from(u8::from(chance.happens(0.25)))).0;
        assert!((share - 0.25).abs() < 0.01, "{share}");
        assert!((0..1_000).all(|_| chance.below(7) < 7));
    }
}
