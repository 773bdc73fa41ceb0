//! [`Tokens`]: what a retry has paid, given back if nothing comes of the retry.

use std::sync::Arc;

use tokio::time::Instant;

use super::RetryBudget;
use super::bucket::Bucket;

/// One token; dropped, it goes back. A call that is dropped in its wait has bought nothing.
#[derive(Debug)]
struct Token(Option<Arc<Bucket>>);

/// The tokens of one retry, one from each bucket that was asked. Dropped, they go back.
#[derive(Debug)]
#[must_use = "dropped, the tokens go back: `spend` keeps them spent"]
pub(crate) struct Tokens([Token; 2]);

/// One token from each bucket that is given, or nothing from any. Where both are the same bucket it
/// is one retry still, and costs one token.
///
/// The first bucket's token is taken and, if the second has none, given back: between the two
/// somebody else may be refused, and nobody is admitted who should not be.
pub(crate) fn take(buckets: [Option<&RetryBudget>; 2], now: Instant) -> Option<Tokens> {
    let [first, second] = buckets.map(|budget| budget.map(RetryBudget::bucket));
    let second = second.filter(|second| !first.is_some_and(|first| Arc::ptr_eq(first, second)));
    let first = Token::take(first, now)?;
    // Dropped here, the first goes back.
    let second = Token::take(second, now)?;
    Some(Tokens([first, second]))
}

impl Tokens {
    /// Keeps them spent: the retry has begun.
    pub(crate) fn spend(self) {
        for mut token in self.0 {
            token.0 = None;
        }
    }
}

impl Token {
    fn take(bucket: Option<&Arc<Bucket>>, now: Instant) -> Option<Self> {
        match bucket {
            None => Some(Self(None)),
            Some(bucket) => bucket.withdraw(now).then(|| Self(Some(Arc::clone(bucket)))),
        }
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        if let Some(bucket) = self.0.take() {
            bucket.refund();
        }
    }
}
