//! [`Tokens`]: the payment of a retry, given back if the retry is not made.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::time::Instant;

use super::bucket::Bucket;
use crate::sync::atomic_word::AtomicWord;

/// The tokens of one retry, one from each bucket. They go back when dropped: a call that is dropped in
/// its wait has made no retry.
#[derive(Debug)]
#[must_use = "dropped, the tokens go back: `spend` keeps them spent"]
pub(crate) struct Tokens<W: AtomicWord = AtomicU64>([Option<BudgetToken<W>>; 2]);

/// One token.
#[derive(Debug)]
struct BudgetToken<W: AtomicWord> {
    from: Arc<Bucket<W>>,
    spent: bool,
}

impl<W: AtomicWord> Tokens<W> {
    /// Takes one token from each bucket, or none.
    ///
    /// The first bucket's token is taken and, if the second has none, given back. Between the two,
    /// another call may be refused; no call is admitted wrongly.
    pub(super) fn take(buckets: [Option<&Arc<Bucket<W>>>; 2], now: Instant) -> Option<Self> {
        let mut taken = Self([None, None]);
        for (bucket, token) in once_each(buckets).into_iter().zip(&mut taken.0) {
            if let Some(bucket) = bucket {
                // On a refusal, the tokens taken so far are dropped, and go back.
                *token = Some(BudgetToken::take(bucket, now)?);
            }
        }
        Some(taken)
    }

    /// Gives spent tokens back.
    pub(super) fn give_back(buckets: [Option<&Arc<Bucket<W>>>; 2]) {
        for bucket in once_each(buckets).into_iter().flatten() {
            bucket.refund();
        }
    }

    /// Marks the tokens as spent: the retry has begun.
    pub(crate) fn spend(mut self) {
        for token in self.0.iter_mut().flatten() {
            token.spent = true;
        }
    }
}

/// If both are one bucket, a retry takes one token from it.
fn once_each<W: AtomicWord>(buckets: [Option<&Arc<Bucket<W>>>; 2]) -> [Option<&Arc<Bucket<W>>>; 2] {
    let [first, second] = buckets;
    let is_first = |second: &&Arc<_>| first.is_some_and(|first| Arc::ptr_eq(first, second));
    [first, second.filter(|second| !is_first(second))]
}

impl<W: AtomicWord> BudgetToken<W> {
    fn take(bucket: &Arc<Bucket<W>>, now: Instant) -> Option<Self> {
        bucket.withdraw(now).then(|| Self {
            from: Arc::clone(bucket),
            spent: false,
        })
    }
}

impl<W: AtomicWord> Drop for BudgetToken<W> {
    fn drop(&mut self) {
        if !self.spent {
            self.from.refund();
        }
    }
}
