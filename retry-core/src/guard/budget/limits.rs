//! [`BudgetLimits`]: the income and the capacity of a budget, and their allowed ranges.

/// Tokens are counted in thousandths.
pub(crate) const TOKEN: i64 = 1_000;

/// More tokens than this would limit nothing. Up to this bound, no sum overflows in 290 years.
const MOST: u32 = 1_000_000;

/// A budget that cannot be made: states the field, the value and the allowed range.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum BudgetError {
    /// A ratio under 0, over 1, not a number, or too small to be counted.
    #[error("ratio is {value}; it must be 0, or from 0.001 to 1")]
    Ratio {
        /// The refused value.
        value: f64,
    },
    /// A bucket that holds no whole token, or far too many.
    #[error("burst is {value}; it must be from 1 to 1000000")]
    Burst {
        /// The refused value.
        value: u32,
    },
    /// Far too many tokens a second.
    #[error("floor is {value}; it must be from 0 to 1000000")]
    Floor {
        /// The refused value.
        value: u32,
    },
}

/// The valid settings of a budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BudgetLimits {
    /// Thousandths of a token for each first attempt.
    ratio: u16,
    /// Tokens.
    burst: u32,
    /// Tokens a second, equal to thousandths a millisecond.
    floor: u32,
}

impl BudgetLimits {
    pub(crate) const DEFAULT: Self = Self {
        ratio: 100,
        burst: 10,
        floor: 1,
    };

    pub(crate) const fn with_ratio(self, ratio: f64) -> Self {
        valid(self.try_with_ratio(ratio))
    }

    pub(crate) const fn try_with_ratio(mut self, ratio: f64) -> Result<Self, BudgetError> {
        let counted = ratio == 0.0 || (ratio >= 0.001 && ratio <= 1.0);
        if !counted {
            return Err(BudgetError::Ratio { value: ratio });
        }
        // Rounded: truncated, 0.29 would be 0.289.
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "from 0 to 1000, as was just seen"
        )]
        let thousandths = (ratio * 1_000.0 + 0.5) as u16;
        self.ratio = thousandths;
        Ok(self)
    }

    pub(crate) const fn with_burst(self, burst: u32) -> Self {
        valid(self.try_with_burst(burst))
    }

    pub(crate) const fn try_with_burst(mut self, burst: u32) -> Result<Self, BudgetError> {
        if burst == 0 || burst > MOST {
            return Err(BudgetError::Burst { value: burst });
        }
        self.burst = burst;
        Ok(self)
    }

    pub(crate) const fn with_floor(self, floor: u32) -> Self {
        valid(self.try_with_floor(floor))
    }

    pub(crate) const fn try_with_floor(mut self, floor: u32) -> Result<Self, BudgetError> {
        if floor > MOST {
            return Err(BudgetError::Floor { value: floor });
        }
        self.floor = floor;
        Ok(self)
    }

    pub(crate) const fn ratio(self) -> f64 {
        self.ratio as f64 / 1_000.0
    }

    pub(crate) const fn burst(self) -> u32 {
        self.burst
    }

    pub(crate) const fn floor(self) -> u32 {
        self.floor
    }

    /// Returns the most that the bucket holds, in thousandths.
    pub(crate) const fn capacity(self) -> i64 {
        self.burst as i64 * TOKEN
    }

    /// Returns the income from so many first attempts and milliseconds, in thousandths.
    pub(super) fn earned(self, deposits: u64, millis: i64) -> i64 {
        let deposits = i64::try_from(deposits).unwrap_or(i64::MAX);
        let by_calls = deposits.saturating_mul(i64::from(self.ratio));
        by_calls.saturating_add(millis.saturating_mul(i64::from(self.floor)))
    }
}

/// Returns the limits, or panics with the allowed range: in a constant, a compile error.
const fn valid(limits: Result<BudgetLimits, BudgetError>) -> BudgetLimits {
    match limits {
        Ok(limits) => limits,
        Err(BudgetError::Ratio { .. }) => panic!("ratio must be 0, or from 0.001 to 1"),
        Err(BudgetError::Burst { .. }) => panic!("burst must be from 1 to 1000000"),
        Err(BudgetError::Floor { .. }) => panic!("floor must be from 0 to 1000000"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_rounded_never_cut() {
        for (given, kept) in [
            (0.0, 0.0),
            (0.001, 0.001),
            (0.0014, 0.001),
            (0.0015, 0.002),
            (0.1, 0.1),
            // In binary, 0.29 is a little less than 290 thousandths.
            (0.29, 0.29),
            (0.57, 0.57),
            (0.6, 0.6),
            (0.9994, 0.999),
            (1.0, 1.0),
        ] {
            let limits = BudgetLimits::DEFAULT.with_ratio(given);
            assert_eq!(limits.ratio().to_bits(), f64::to_bits(kept), "{given}");
        }
    }

    #[test]
    fn what_is_out_of_range_is_refused_by_name_value_and_bound() {
        let limits = BudgetLimits::DEFAULT;
        for value in [-0.1, 0.000_999, 1.000_001, 60.0, f64::INFINITY] {
            let refused = limits.try_with_ratio(value);
            assert_eq!(refused, Err(BudgetError::Ratio { value }), "{value}");
        }
        for (refused, text) in [
            (
                limits.try_with_ratio(f64::NAN),
                "ratio is NaN; it must be 0, or from 0.001 to 1",
            ),
            (
                limits.try_with_burst(0),
                "burst is 0; it must be from 1 to 1000000",
            ),
            (
                limits.try_with_burst(MOST + 1),
                "burst is 1000001; it must be from 1 to 1000000",
            ),
            (
                limits.try_with_floor(u32::MAX),
                "floor is 4294967295; it must be from 0 to 1000000",
            ),
        ] {
            assert_eq!(refused.unwrap_err().to_string(), text);
        }
    }

    #[test]
    fn earnings_of_any_size_saturate() {
        let most = BudgetLimits::DEFAULT.with_ratio(1.0).with_floor(MOST);
        assert_eq!(most.earned(2, 3), 2_000 + 3 * 1_000_000);
        assert_eq!(most.earned(u64::MAX, i64::MAX), i64::MAX);
        assert_eq!(most.earned(0, i64::MIN), i64::MIN);
    }
}
