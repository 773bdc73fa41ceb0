//! [`Growth`]: growth of the step from retry to retry.
//!
//! All arithmetic is on integer nanoseconds and saturates: no attempt number, wait or multiplier panics
//! or wraps, and the result is the same on every machine.

use std::time::Duration;

/// Growth of the step from one retry to the next. *n* is 0 for the first retry.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Growth {
    /// `min_wait` each time.
    Constant,
    /// `min_wait × (n + 1)`.
    Linear,
    /// `min_wait × multiplierⁿ`, for a finite multiplier of at least 1.
    Exponential(f64),
    /// `min_wait × F(n + 1)`: 1, 1, 2, 3, 5, 8, …
    Fibonacci,
    /// The given waits in turn; further retries repeat the last one.
    Schedule(&'static [Duration]),
}

impl Growth {
    /// Returns the step of retry `n`, from 0, in nanoseconds.
    pub(crate) fn step(self, first: u64, n: u32) -> u64 {
        match self {
            Self::Constant => first,
            Self::Linear => first.saturating_mul(u64::from(n) + 1),
            Self::Exponential(2.0) => doubled(first, n),
            Self::Exponential(multiplier) => Scaled::new(multiplier).power(n).times(first),
            Self::Fibonacci => first.saturating_mul(fibonacci(n)),
            Self::Schedule(waits) => {
                let last = waits.len().saturating_sub(1);
                let at = usize::try_from(n).unwrap_or(usize::MAX).min(last);
                waits.get(at).map_or(0, |wait| nanos(*wait))
            }
        }
    }
}

/// Returns a duration in nanoseconds, at most `u64::MAX` (584 years).
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

fn doubled(first: u64, n: u32) -> u64 {
    u64::try_from(u128::from(first) << n.min(64)).unwrap_or(u64::MAX)
}

/// Returns F(n + 1), saturating: at most 93 additions.
fn fibonacci(n: u32) -> u64 {
    let (mut this, mut next) = (1_u64, 1_u64);
    for _ in 0..n.min(93) {
        (this, next) = (next, this.saturating_add(next));
    }
    this
}

/// A number of at least 1 as `mantissa × 2^exponent`, normalised to all 64 bits of the mantissa: enough
/// to raise a multiplier to any power in integers, in at most 64 multiplications.
#[derive(Clone, Copy)]
struct Scaled {
    mantissa: u64,
    exponent: i64,
}

impl Scaled {
    const ONE: Self = Self {
        mantissa: 1 << 63,
        exponent: -63,
    };

    /// `value` is finite and at least 1, so it is normal: 52 bits of fraction below an implied one.
    fn new(value: f64) -> Self {
        let bits = value.to_bits();
        let exponent = i64::try_from((bits >> 52) & 0x7FF).unwrap_or(0) - 1_023;
        let mantissa = ((bits & ((1 << 52) - 1)) | (1 << 52)) << 11;
        Self {
            mantissa,
            exponent: exponent - 63,
        }
    }

    fn by(self, other: Self) -> Self {
        let product = u128::from(self.mantissa) * u128::from(other.mantissa);
        let shift = 64 - product.leading_zeros();
        let mantissa = u64::try_from(product >> shift).unwrap_or(u64::MAX);
        let exponent = self
            .exponent
            .saturating_add(other.exponent)
            .saturating_add(i64::from(shift));
        Self { mantissa, exponent }
    }

    fn power(mut self, mut n: u32) -> Self {
        let mut result = Self::ONE;
        while n > 0 {
            if n & 1 == 1 {
                result = result.by(self);
            }
            self = self.by(self);
            n >>= 1;
        }
        result
    }

    fn times(self, nanos: u64) -> u64 {
        let product = u128::from(self.mantissa) * u128::from(nanos);
        if self.exponent >= 0 {
            let shift = u32::try_from(self.exponent).unwrap_or(u32::MAX);
            if product == 0 {
                return 0;
            }
            if shift >= product.leading_zeros() {
                return u64::MAX;
            }
            return u64::try_from(product << shift).unwrap_or(u64::MAX);
        }
        let shift = u32::try_from(-self.exponent).unwrap_or(u32::MAX);
        u64::try_from(product.checked_shr(shift).unwrap_or(0)).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests;
