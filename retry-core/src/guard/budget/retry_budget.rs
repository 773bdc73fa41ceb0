//! [`RetryBudget`]: limits retries to a share of the first attempts.
//!
//! # Why budgets
//!
//! A limit on attempts bounds one call; it does not bound the sum of all calls. While a service fails,
//! three attempts a call are three times the load, on a service that perhaps fails from load, and three
//! layers of such calls are twenty-seven times. A budget bounds the sum: with a ratio of 0.1 a failing
//! service sees 1.1 times the calls, however many attempts a policy allows, and while faults are few
//! every one of them is still retried. The idea is that of Finagle's `RetryBudget` and of the
//! client-side budgets of *Site Reliability Engineering* (Google, 2016), chapter 21.
//!
//! Each first attempt earns `ratio` tokens, a retry costs one, and unspent tokens stay, up to `burst`.
//! Time alone earns a floor, so that a caller with few calls may retry too. First attempts earn, not
//! successes: a full outage has no successes, and at the first sign of recovery callers would have no
//! retries.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};

use tokio::time::Instant;

use super::bucket::Bucket;
use super::limits::BudgetLimits;
use crate::clock;

use super::limits::BudgetError;
use super::token::Tokens;

/// A bucket of tokens that pays for retries: first attempts fill it, a retry costs one token.
///
/// With the default ratio of 0.1 a retry may follow every tenth call; a burst of 10 retries is in
/// reserve, and time earns one retry a second in any case. A retry without a token is not made: the call
/// ends at once with its last error. A first attempt is never refused.
///
/// It can be a `static`, and a clone shares the bucket. The attributes take one as `budget = NAME`; code
/// without an attribute pays explicitly:
///
/// ```
/// use retry_core::RetryBudget;
///
/// static PAYMENTS: RetryBudget = RetryBudget::new(0.5).with_burst(1).with_floor(0);
///
/// assert!(PAYMENTS.withdraw(), "the burst");
/// assert!(!PAYMENTS.withdraw(), "and no more");
/// PAYMENTS.deposit();
/// PAYMENTS.deposit(); // two calls at a half
/// assert!(PAYMENTS.withdraw());
/// ```
///
/// The floor belongs to each bucket: a hundred processes with one bucket each may retry a hundred times
/// a second, however unhealthy the other side is. Where many buckets face one service, set a floor of 0.
///
/// # Exactness
///
/// Tokens are counted in whole thousandths: the bucket never pays out more than it held. A deposit
/// writes nothing that threads share, and reads no clock: earned tokens are added up when a retry
/// requests one. A token taken together with another bucket's is missing for a moment even if the other
/// bucket refuses.
pub struct RetryBudget {
    limits: BudgetLimits,
    bucket: OnceLock<Arc<Bucket>>,
}

/// Takes one token from each given budget, or from none. If both share one bucket, it is still one retry
/// and costs one token.
pub(crate) fn take(budgets: [Option<&RetryBudget>; 2], now: Instant) -> Option<Tokens> {
    Tokens::take(budgets.map(|budget| budget.map(RetryBudget::bucket)), now)
}

/// Gives back the tokens of [`take`], for a retry that was paid for but not made.
pub(crate) fn give_back(budgets: [Option<&RetryBudget>; 2]) {
    Tokens::give_back(budgets.map(|budget| budget.map(RetryBudget::bucket)));
}

impl RetryBudget {
    /// Makes a full bucket to which every first attempt adds `ratio` tokens: 0.1 allows one retry in ten
    /// calls. The ratio is 0, or from 0.001 to 1, and rounded to thousandths.
    ///
    /// In a `const` or a `static` a bad ratio fails to compile:
    ///
    /// ```compile_fail
    /// use retry_core::RetryBudget;
    /// static BUDGET: RetryBudget = RetryBudget::new(60.0);
    /// ```
    ///
    /// # Panics
    ///
    /// If the ratio is out of that range.
    #[must_use]
    pub const fn new(ratio: f64) -> Self {
        Self::with_limits(BudgetLimits::DEFAULT.with_ratio(ratio))
    }

    /// Like [`RetryBudget::new`], for a ratio known only at run time.
    ///
    /// ```
    /// let error = retry_core::RetryBudget::try_new(1.5).unwrap_err();
    /// assert_eq!(error.to_string(), "ratio is 1.5; it must be 0, or from 0.001 to 1");
    /// ```
    ///
    /// # Errors
    ///
    /// [`BudgetError::Ratio`] if the ratio is neither 0 nor from 0.001 to 1.
    pub const fn try_new(ratio: f64) -> Result<Self, BudgetError> {
        match BudgetLimits::DEFAULT.try_with_ratio(ratio) {
            Ok(limits) => Ok(Self::with_limits(limits)),
            Err(error) => Err(error),
        }
    }

    /// Sets the number of tokens that the bucket holds at most, and at first: 10 unless set; from 1
    /// to 1,000,000.
    ///
    /// The returned budget has a new bucket; a bucket already in use, or shared with clones, is not
    /// changed.
    ///
    /// # Panics
    ///
    /// If `burst` is out of that range.
    #[must_use]
    pub const fn with_burst(self, burst: u32) -> Self {
        let limits = self.limits.with_burst(burst);
        self.limited(limits)
    }

    /// Like [`RetryBudget::with_burst`], for a number known only at run time.
    ///
    /// # Errors
    ///
    /// [`BudgetError::Burst`] if `burst` is not from 1 to 1,000,000.
    pub fn try_with_burst(self, burst: u32) -> Result<Self, BudgetError> {
        Ok(Self::with_limits(self.limits.try_with_burst(burst)?))
    }

    /// Sets the number of tokens that time earns each second in any case: 1 unless set; at most
    /// 1,000,000, and 0 for none.
    ///
    /// The returned budget has a new bucket; a bucket already in use, or shared with clones, is not
    /// changed.
    ///
    /// # Panics
    ///
    /// If `floor` is over 1,000,000.
    #[must_use]
    pub const fn with_floor(self, floor: u32) -> Self {
        let limits = self.limits.with_floor(floor);
        self.limited(limits)
    }

    /// Like [`RetryBudget::with_floor`], for a number known only at run time.
    ///
    /// # Errors
    ///
    /// [`BudgetError::Floor`] if `floor` is over 1,000,000.
    pub fn try_with_floor(self, floor: u32) -> Result<Self, BudgetError> {
        Ok(Self::with_limits(self.limits.try_with_floor(floor)?))
    }

    /// Counts a first attempt, which earns `ratio` tokens.
    #[inline]
    pub fn deposit(&self) {
        self.bucket().deposit();
    }

    /// Takes one token for a retry, and returns whether there was one.
    #[must_use = "a retry without a token is not to be made"]
    pub fn withdraw(&self) -> bool {
        self.withdraw_at(clock::now())
    }

    pub(crate) fn withdraw_at(&self, now: Instant) -> bool {
        self.bucket().withdraw(now)
    }

    /// Returns the tokens in the bucket, from 0 to the burst.
    #[must_use]
    pub fn tokens(&self) -> f64 {
        self.bucket().tokens(clock::now())
    }

    /// Returns the tokens that a first attempt earns.
    #[must_use]
    pub const fn ratio(&self) -> f64 {
        self.limits.ratio()
    }

    /// Returns the most tokens that the bucket holds.
    #[must_use]
    pub const fn burst(&self) -> u32 {
        self.limits.burst()
    }

    /// Returns the tokens that time earns each second in any case.
    #[must_use]
    pub const fn floor(&self) -> u32 {
        self.limits.floor()
    }

    /// Whether both share one bucket.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(self.bucket(), other.bucket())
    }

    /// Makes a full bucket of its own, with the same limits.
    pub(crate) const fn like(&self) -> Self {
        Self::with_limits(self.limits)
    }

    pub(crate) const fn with_limits(limits: BudgetLimits) -> Self {
        Self {
            limits,
            bucket: OnceLock::new(),
        }
    }

    const fn limited(self, limits: BudgetLimits) -> Self {
        // A const fn cannot drop a value. In a constant there is no bucket yet; at run time, a bucket in
        // use is given up and not freed.
        std::mem::forget(self);
        Self::with_limits(limits)
    }

    #[inline]
    pub(super) fn bucket(&self) -> &Arc<Bucket> {
        self.bucket
            .get_or_init(|| Arc::new(Bucket::new(self.limits, AtomicU64::new(0))))
    }
}

/// One retry in ten calls, with the default burst and floor.
impl Default for RetryBudget {
    fn default() -> Self {
        Self::new(0.1)
    }
}

/// The clone shares the bucket.
impl Clone for RetryBudget {
    fn clone(&self) -> Self {
        Self {
            limits: self.limits,
            bucket: Arc::clone(self.bucket()).into(),
        }
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryBudget")
            .field("ratio", &self.ratio())
            .field("burst", &self.burst())
            .field("floor", &self.floor())
            .finish_non_exhaustive()
    }
}
