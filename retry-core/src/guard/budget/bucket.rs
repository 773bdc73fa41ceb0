//! [`Bucket`]: the state that all clones of a budget share.

use std::sync::OnceLock;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use tokio::time::Instant;

use super::level::Level;
use super::limits::{BudgetLimits, TOKEN};
use crate::sync::atomic_word::AtomicWord;
use crate::sync::stripes::Stripes;

#[derive(Debug)]
pub(super) struct Bucket<W = AtomicU64> {
    limits: BudgetLimits,
    deposits: Stripes,
    level: Level<W>,
    /// Time of the first retry request. Until then the bucket was full, so no earlier time counts.
    origin: OnceLock<Instant>,
}

impl<W: AtomicWord> Bucket<W> {
    /// Makes a full bucket, around an integer that is 0.
    pub(super) fn new(limits: BudgetLimits, word: W) -> Self {
        Self {
            limits,
            deposits: Stripes::default(),
            level: Level::new(word),
            origin: OnceLock::new(),
        }
    }

    #[inline]
    pub(super) fn deposit(&self) {
        self.deposits.add_one();
    }

    pub(super) fn withdraw(&self, now: Instant) -> bool {
        let millis = self.millis(now);
        let slack = self.limits.earned(0, 1_000);
        let income = || self.income(millis);
        self.level.withdraw(self.limits.capacity(), slack, income)
    }

    pub(super) fn refund(&self) {
        self.level.refund();
    }

    pub(super) fn tokens(&self, now: Instant) -> f64 {
        let millis = self.millis(now);
        let held = self
            .level
            .held(self.limits.capacity(), || self.income(millis));
        #[expect(clippy::cast_precision_loss, reason = "at most 10^9 thousandths")]
        let tokens = held as f64 / TOKEN as f64;
        tokens
    }

    /// Returns the total income so far.
    fn income(&self, millis: i64) -> i64 {
        let earned = self.limits.earned(self.deposits.sum(), millis);
        self.limits.capacity().saturating_add(earned)
    }

    /// Returns the milliseconds since the origin; negative if the clock went back before it.
    fn millis(&self, now: Instant) -> i64 {
        let origin = *self.origin.get_or_init(|| now);
        match now.checked_duration_since(origin) {
            Some(after) => whole_millis(after),
            None => -whole_millis(origin.saturating_duration_since(now)),
        }
    }
}

fn whole_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
