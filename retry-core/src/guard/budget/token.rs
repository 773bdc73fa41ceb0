//! [`Tokens`]: what a retry has paid, given back if nothing comes of the retry.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use tokio::time::Instant;

use super::bucket::Bucket;
use crate::sync::atomic_word::AtomicWord;

/// The tokens of one retry, one from each bucket that was asked. Dropped, they go back: a call that
/// is dropped in its wait has bought nothing.
#[derive(Debug)]
#[must_use = "dropped, the tokens go back: `spend` keeps them spent"]
pub(crate) struct Tokens<W: AtomicWord = AtomicU64>([Option<Token<W>>; 2]);

/// One token.
#[derive(Debug)]
struct Token<W: AtomicWord> {
    from: Arc<Bucket<W>>,
    spent: bool,
}

impl<W: AtomicWord> Tokens<W> {
    /// One from each bucket, or none.
    ///
    /// The first bucket's token is taken and, if the second has none, given back. Between the two
    /// somebody else may be refused; nobody is admitted who should not be.
    pub(super) fn take(buckets: [Option<&Arc<Bucket<W>>>; 2], now: Instant) -> Option<Self> {
        let mut taken = Self([None, None]);
        for (bucket, token) in once_each(buckets).into_iter().zip(&mut taken.0) {
            if let Some(bucket) = bucket {
                // Refused, what is taken so far is dropped, and goes back.
                *token = Some(Token::take(bucket, now)?);
            }
        }
        Some(taken)
    }

    /// Gives spent ones back.
    pub(super) fn give_back(buckets: [Option<&Arc<Bucket<W>>>; 2]) {
        for bucket in once_each(buckets).into_iter().flatten() {
            bucket.refund();
        }
    }

    /// Keeps them spent: the retry has begun.
    pub(crate) fn spend(mut self) {
        for token in self.0.iter_mut().flatten() {
            token.spent = true;
        }
    }
}

/// Where both are one bucket, a retry takes one token of it.
fn once_each<W: AtomicWord>(buckets: [Option<&Arc<Bucket<W>>>; 2]) -> [Option<&Arc<Bucket<W>>>; 2] {
    let [first, second] = buckets;
    let is_first = |second: &&Arc<_>| first.is_some_and(|first| Arc::ptr_eq(first, second));
    [first, second.filter(|second| !is_first(second))]
}

impl<W: AtomicWord> Token<W> {
    fn take(bucket: &Arc<Bucket<W>>, now: Instant) -> Option<Self> {
        bucket.withdraw(now).then(|| Self {
            from: Arc::clone(bucket),
            spent: false,
        })
    }
}

impl<W: AtomicWord> Drop for Token<W> {
    fn drop(&mut self) {
        if !self.spent {
            self.from.refund();
        }
    }
}
