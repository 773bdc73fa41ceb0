//! [`Level`]: how much of what was ever earned is spent, or has overflowed, in one word.
//!
//! Let *income* be what the bucket was filled with plus all that was earned since; it only grows.
//! With the level L a bucket of capacity C holds `min(C, income - L)`. To take a token is to set L
//! to `income - held + 1 token` by one compare-and-swap, which also lets go of what came in beyond
//! C. Between two withdrawals there is only income, and `min(C, min(C, held + a) + b)` is
//! `min(C, held + a + b)`: to reckon it up late gives what to deposit each at once would have given,
//! exactly.

use super::limits::TOKEN;
use crate::sync::atomic_word::AtomicWord;

/// An `i64` in a word, in thousandths of a token.
#[derive(Debug)]
pub(super) struct Level<W>(W);

impl<W: AtomicWord> Level<W> {
    /// The level of a full bucket, around a word that is 0.
    pub(super) const fn new(word: W) -> Self {
        Self(word)
    }

    /// Takes one token, if there is one.
    ///
    /// `income` is asked anew after each look at the level: it then counts whatever the level was
    /// reckoned from. `slack` is how much income a thread may lack that was held up between reading
    /// the clock and coming here: a level further above the income tells of a clock that went back.
    pub(super) fn withdraw(&self, capacity: i64, slack: i64, income: impl Fn() -> i64) -> bool {
        loop {
            let level = self.0.load();
            let income = income();
            let held = held(capacity, income, level);
            let taken = held >= TOKEN;
            let next = if taken {
                income - held + TOKEN
            } else if held < -slack {
                // Begun anew, and full: the clock of another test, since none goes back in one
                // program. Else no token would be had until it caught up.
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

    /// Gives back one token that was taken. What does not fit is lost.
    pub(super) fn refund(&self) {
        self.0.fetch_add((-TOKEN).cast_unsigned());
    }

    /// What there is, from 0 to the capacity.
    pub(super) fn held(&self, capacity: i64, income: impl Fn() -> i64) -> i64 {
        let level = self.0.load();
        held(capacity, income(), level).max(0)
    }
}

/// Under 0 where the clock went back.
fn held(capacity: i64, income: i64, level: u64) -> i64 {
    income.saturating_sub(level.cast_signed()).min(capacity)
}
