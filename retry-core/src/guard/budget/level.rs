//! [`Level`]: the state of a token bucket in one atomic integer.
//!
//! The *income* is the initial content of the bucket plus all tokens earned since; it only grows. The level L
//! is the part of the income that has left the bucket: tokens that were spent, and tokens that overflowed. A
//! bucket of capacity C therefore holds `min(C, income - L)`.
//!
//! A withdrawal sets L to `income - held + 1 token` by one compare-and-swap. This also discards the income
//! beyond C.
//!
//! Income may be added up late. Between two withdrawals the bucket only gains tokens, and
//! `min(C, min(C, held + a) + b)` equals `min(C, held + a + b)`: the sum gives the same content as a deposit
//! of each amount when it is earned.

use super::limits::TOKEN;
use crate::sync::atomic_word::AtomicWord;

/// An `i64` in an atomic integer, in thousandths of a token.
#[derive(Debug)]
pub(super) struct Level<W>(W);

impl<W: AtomicWord> Level<W> {
    /// Makes the level of a full bucket, around an integer that is 0.
    pub(super) const fn new(word: W) -> Self {
        Self(word)
    }

    /// Takes one token, if there is one.
    ///
    /// `income` returns the income. It is called after each load of the level, so that it includes all income
    /// from which that level was computed.
    ///
    /// `slack` is the amount by which this thread's income may be too small, because the thread was suspended
    /// after it had read the clock. If the level exceeds the income by more, the clock has gone back.
    pub(super) fn withdraw(&self, capacity: i64, slack: i64, income: impl Fn() -> i64) -> bool {
        loop {
            let level = self.0.load();
            let income = income();
            let held = held(capacity, income, level);
            let taken = held >= TOKEN;
            let next = if taken {
                income - held + TOKEN
            } else if held < -slack {
                // Starts again with a full bucket. The clock must be that of another test, because
                // no clock of one program goes back; without a new start no token would be
                // available until it caught up.
                income - capacity
            } else {
                return false;
            };
            let replaced = self.0.compare_exchange(level, next.cast_unsigned()).is_ok();
            if replaced && taken {
                return true;
            }
        }
    }

    /// Gives back one token that was taken. A token above the capacity is lost.
    pub(super) fn refund(&self) {
        self.0.fetch_add((-TOKEN).cast_unsigned());
    }

    /// Returns the available tokens, from 0 to the capacity.
    pub(super) fn held(&self, capacity: i64, income: impl Fn() -> i64) -> i64 {
        let level = self.0.load();
        held(capacity, income(), level).max(0)
    }
}

/// Returns the tokens held; negative if the clock went back.
fn held(capacity: i64, income: i64, level: u64) -> i64 {
    income.saturating_sub(level.cast_signed()).min(capacity)
}
