//! [`Retry`]: the options of the attributes, for code without one.

use std::panic::Location;
use std::time::Duration;

use crate::classify::judgement::{Judgement, Verdict};
use crate::classify::retry_error::RetryError;
use crate::engine::guards::choice::{ExtendGuards, Guarded, NoGuard};
use crate::guard::adaptive::AdaptiveLimiter;
use crate::guard::breaker::circuit_breaker::CircuitBreaker;
use crate::guard::budget::retry_budget::RetryBudget;
use crate::operation::Operation;
use crate::policy::nested::Nested;
use crate::policy::retry_policy::RetryPolicy;

use super::choices::{Begin, NoHook, NoLimit, OnRetry, Timeout, TotalTime};
use super::judge_bounds::{Advisable, Unadvised, Unjudged};
use super::judges::{ByClassify, JudgedBy, NotAppliedIf, RetryOnOk};

/// A call to make, with its policy and its other options.
///
/// ```
/// use std::time::Duration;
/// use retry_core::{Jitter, Retry, RetryPolicy};
///
/// let policy = RetryPolicy::new(3).with_backoff_ms(1).with_jitter(Jitter::None);
/// let mut attempts = 0;
/// let loaded = Retry::new(policy)
///     .name("load")
///     .retry_if(|error: &String| error.contains("busy"))
///     .max_total_time(Duration::from_secs(5))
///     .run(|| {
///         attempts += 1;
///         if attempts < 3 { Err("busy".to_owned()) } else { Ok(attempts) }
///     });
/// assert_eq!(loaded, Ok(3));
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "a call is made by `run` or `run_async`"]
pub struct Retry<J = ByClassify, H = NoHook, L = NoLimit, G = NoGuard> {
    pub(super) options: CallOptions,
    pub(super) judge: J,
    pub(super) hook: H,
    pub(super) limits: L,
    pub(super) guards: G,
}

/// The choices that have no type parameter of their own.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallOptions {
    pub(super) policy: RetryPolicy,
    pub(super) operation: Operation,
    pub(super) nested: Option<Nested>,
}

impl Retry {
    /// Prepares a call under `policy`, named by the caller's file and line unless [`Retry::name`] is
    /// called.
    #[track_caller]
    pub const fn new(policy: RetryPolicy) -> Self {
        Self::of(policy, Operation::at(Location::caller()))
    }

    pub(crate) const fn of(policy: RetryPolicy, operation: Operation) -> Self {
        Self {
            options: CallOptions {
                policy,
                operation,
                nested: None,
            },
            judge: ByClassify,
            hook: NoHook,
            limits: NoLimit,
            guards: NoGuard,
        }
    }
}

/// The same call with another choice: every choice has a type of its own.
macro_rules! with {
    ($retry:expr, judge: |$judge:ident| $judged:expr) => {
        with!(@ $retry, ($judge, hook, limits, guards), ($judged, hook, limits, guards))
    };
    ($retry:expr, hook: $hook:expr) => {
        with!(@ $retry, (judge, _hook, limits, guards), (judge, $hook, limits, guards))
    };
    ($retry:expr, limits: $limits:expr) => {
        with!(@ $retry, (judge, hook, _limits, guards), (judge, hook, $limits, guards))
    };
    ($retry:expr, guards: |$guards:ident| $guarded:expr) => {
        with!(@ $retry, (judge, hook, limits, $guards), (judge, hook, limits, $guarded))
    };
    (@ $retry:expr, ($($old:ident),*), ($judge:expr, $hook:expr, $limits:expr, $guards:expr)) => {{
        let (options, ($($old),*)) = $retry.into_parts();
        Retry {
            options,
            judge: $judge,
            hook: $hook,
            limits: $limits,
            guards: $guards,
        }
    }};
}

impl<J, H, L, G> Retry<J, H, L, G> {
    /// Sets the operation's name in logs, errors and statistics.
    pub const fn name(mut self, name: &'static str) -> Self {
        self.options.operation = Operation::named(name);
        self
    }

    /// Sets the reaction to an annotated call inside an attempt that has given up. Without it
    /// [`Nested::Stop`], unless `RETRY__NESTED` is set.
    pub const fn nested(mut self, nested: Nested) -> Self {
        self.options.nested = Some(nested);
        self
    }

    /// Judges errors by `predicate`, which returns a `bool` (retry or stop) or a [`Verdict`]; the error
    /// then needs `Display` only, and not [`Classify`](crate::Classify).
    pub fn retry_if<E, V: Into<Verdict>, F: Fn(&E) -> V>(
        self,
        predicate: F,
    ) -> Retry<J::With<F>, H, L, G>
    where
        J: Advisable + Unjudged,
    {
        with!(self, judge: |judge| judge.advised_by(predicate))
    }

    /// States which errors prove that nothing happened: in the whole body, not only in the step that
    /// failed. The predicate is queried if neither the error's type nor a known library states it, and
    /// never for an attempt that a time limit has cut.
    ///
    /// It matters under [`ExecutionGuarantee::ExactlyOnce`](crate::ExecutionGuarantee::ExactlyOnce),
    /// which retries nothing else, and under the gate of `retry-effects`.
    ///
    /// ```
    /// use retry_core::{ExecutionGuarantee, Retry, RetryPolicy};
    /// # let _no_wait = retry_core::testing::no_wait();
    ///
    /// let policy = RetryPolicy::new(3)
    ///     .with_execution_guarantee(ExecutionGuarantee::ExactlyOnce);
    /// let mut attempts = 0;
    /// let outcome = Retry::new(policy)
    ///     .not_applied_if(|error: &String| error.starts_with("queue full"))
    ///     .run(|| {
    ///         attempts += 1;
    ///         let error = if attempts == 1 { "queue full" } else { "connection lost" };
    ///         Err::<(), _>(error.to_owned())
    ///     });
    /// // The second attempt may have happened: it is the last.
    /// assert_eq!((outcome, attempts), (Err("connection lost".to_owned()), 2));
    /// ```
    pub fn not_applied_if<E, F: Fn(&E) -> bool>(
        self,
        states: F,
    ) -> Retry<NotAppliedIf<J, F>, H, L, G>
    where
        J: Unjudged,
    {
        with!(self, judge: |judge| NotAppliedIf { judge, states })
    }

    /// Also retries on an `Ok` value for which `predicate` is true. If attempts run out, the last value
    /// comes back.
    pub fn retry_on_ok<T, F: Fn(&T) -> bool>(self, predicate: F) -> Retry<RetryOnOk<J, F>, H, L, G>
    where
        J: Unjudged,
    {
        with!(self, judge: |judge| RetryOnOk { judge, predicate })
    }

    /// Judges every outcome, values and errors, by `judge`, which returns a [`Judgement`], or the advice
    /// alone: a [`Verdict`] or a `bool`. It decides on another attempt, and budget, breaker, limiter,
    /// hedge, statistics and the gate of `retry-effects` see what it states. The error's own
    /// [`Classify`](crate::Classify) is not queried; `judge` may call it.
    ///
    /// Of an `Ok`, [`Judgement::stop`] accepts the value; [`Judgement::retry`] makes another attempt. If
    /// attempts run out, the last value comes back. A value that is accepted counts as a success of the
    /// call, and may still state that the other side is in trouble
    /// ([`with_answer`](Judgement::with_answer)) or requests fewer calls
    /// ([`throttle`](Judgement::throttle)). Of an attempt that a timeout has cut only the advice counts.
    ///
    /// `judge` replaces `retry_if`, `retry_on_ok` and `not_applied_if`, and cannot be combined with them.
    /// It may be called more than once for an outcome.
    ///
    /// ```
    /// use std::time::Duration;
    /// use retry_core::{ASYNC_JOB_DEFAULT, Classify, Judgement, Retry};
    /// # let clock = retry_core::testing::VirtualClock::install();
    ///
    /// struct Answer { status: u16, retry_after: u64 }
    ///
    /// let mut statuses = [503, 200].into_iter();
    /// let answer = Retry::new(ASYNC_JOB_DEFAULT)
    ///     .judge(|outcome: &Result<Answer, String>| match outcome {
    ///         Ok(answer) if answer.status == 503 => {
    ///             Judgement::retry_after(Duration::from_secs(answer.retry_after)).not_applied()
    ///         }
    ///         Ok(_) => Judgement::stop(),
    ///         Err(error) => error.classify(),
    ///     })
    ///     .run(|| Ok(Answer { status: statuses.next().unwrap_or(500), retry_after: 20 }))?;
    /// assert_eq!(answer.status, 200);
    /// assert!(clock.elapsed() >= Duration::from_secs(20));
    /// # Ok::<(), String>(())
    /// ```
    pub fn judge<T, E, V: Into<Judgement>, F: Fn(&Result<T, E>) -> V>(
        self,
        judge: F,
    ) -> Retry<JudgedBy<F>, H, L, G>
    where
        J: Unadvised,
    {
        with!(self, judge: |_unadvised| JudgedBy(judge))
    }

    /// Calls `hook` on each retry, before its wait, with the exact wait that is slept.
    pub fn on_retry<E, F: Fn(crate::RetryEvent<'_, E>)>(
        self,
        hook: F,
    ) -> Retry<J, OnRetry<F>, L, G> {
        with!(self, hook: OnRetry(hook))
    }

    /// Splits off the judge, for the gate, which also calls it and takes part in the decision on
    /// another attempt.
    #[doc(hidden)]
    pub fn __judge_apart(self) -> (J, Retry<(), H, L, G>) {
        let (options, (judge, hook, limits, guards)) = self.into_parts();
        let retry = Retry {
            options,
            judge: (),
            hook,
            limits,
            guards,
        };
        (judge, retry)
    }

    /// Returns the same call, judged by `judge`.
    #[doc(hidden)]
    pub fn __judged_by<K>(self, judge: K) -> Retry<K, H, L, G> {
        with!(self, judge: |_old| judge)
    }

    /// Starts to count the time, if it is limited. For the gate, through which the call passes
    /// before its first attempt.
    #[doc(hidden)]
    pub fn __begin(&mut self) -> Option<crate::engine::deadline::Limits>
    where
        L: Begin,
    {
        self.limits.begin()
    }

    fn into_parts(self) -> (CallOptions, (J, H, L, G)) {
        let Self {
            options,
            judge,
            hook,
            limits,
            guards,
        } = self;
        (options, (judge, hook, limits, guards))
    }
}

impl<J, H, G> Retry<J, H, NoLimit, G> {
    /// Bounds the whole call, attempts and waits together.
    ///
    /// No wait begins that would leave no time for an attempt. A sync attempt is never cut; an async one
    /// is dropped when time runs out, which needs `E: From<RetryError>`.
    pub fn max_total_time(self, limit: Duration) -> Retry<J, H, TotalTime, G> {
        with!(self, limits: TotalTime { limit, begun: None })
    }

    /// Bounds each attempt of an async call, which needs `E: From<RetryError>`. Set
    /// [`max_total_time`](Retry::max_total_time) after it, if both.
    pub fn timeout(self, timeout: Duration) -> Retry<J, H, Timeout, G> {
        with!(self, limits: Timeout { timeout, max_total_time: None, begun: None })
    }
}

impl<J, H, G> Retry<J, H, TotalTime, G> {
    /// Bounds each attempt; see [`Retry::timeout`].
    pub fn timeout(self, timeout: Duration) -> Retry<J, H, Timeout, G> {
        let max_total_time = Some(self.limits.limit);
        with!(self, limits: Timeout { timeout, max_total_time, begun: None })
    }
}

impl<J, H, G> Retry<J, H, Timeout, G> {
    /// Bounds the whole call; see [`Retry::max_total_time`].
    pub const fn max_total_time(mut self, limit: Duration) -> Self {
        self.limits.max_total_time = Some(limit);
        self
    }
}

impl<J, H, L, G> Retry<J, H, L, G> {
    /// Pays each retry from `budget`, which other calls may share: every first attempt deposits, a retry
    /// costs a token. Without a token no retry is made; the call ends with its last error.
    ///
    /// ```
    /// use retry_core::{ASYNC_JOB_DEFAULT, Retry, RetryBudget};
    ///
    /// static BUDGET: RetryBudget = RetryBudget::new(0.1).with_burst(2).with_floor(0);
    /// # let _no_wait = retry_core::testing::no_wait();
    ///
    /// let mut attempts = 0;
    /// for _ in 0..11 {
    ///     let outcome = Retry::new(ASYNC_JOB_DEFAULT).budget(&BUDGET).run(|| {
    ///         attempts += 1;
    ///         Err::<(), _>("connection refused")
    ///     });
    ///     assert!(outcome.is_err());
    /// }
    /// // 11 calls, 2 retries of the burst, 1 that the calls have earned since: not 55 attempts.
    /// assert_eq!(attempts, 14);
    /// ```
    pub fn budget<'a>(self, budget: &'a RetryBudget) -> Retry<J, H, L, Guarded<'a, G::Rejection>>
    where
        G: ExtendGuards<'a>,
    {
        self.guarded(|guards| Guarded {
            budget: Some(budget),
            ..guards.into_guarded()
        })
    }

    /// Queries `breaker` before each attempt, and reports each outcome to it. A final error
    /// ([`Verdict::Stop`]) is an answer: the other side works. While the breaker is open a call is not
    /// made, and ends with [`RetryError::CircuitOpen`](crate::RetryError::CircuitOpen), which needs
    /// `E: From<RetryError>`. If a retry would meet an open circuit after its wait, the call does not
    /// wait: it ends with its last error.
    ///
    /// ```
    /// use std::io;
    /// use retry_core::{CircuitBreaker, NO_RETRY, Retry};
    ///
    /// static BANK: CircuitBreaker = CircuitBreaker::new("bank").with_failure_threshold(2);
    ///
    /// let mut attempts = 0;
    /// let mut call = || {
    ///     Retry::new(NO_RETRY).circuit_breaker(&BANK).run(|| {
    ///         attempts += 1;
    ///         Err::<(), _>(io::Error::from(io::ErrorKind::ConnectionRefused))
    ///     })
    /// };
    /// let _ = (call(), call());
    /// assert!(call().unwrap_err().to_string().contains("circuit bank is open for"));
    /// assert_eq!(attempts, 2);
    /// ```
    pub fn circuit_breaker<'a>(
        self,
        breaker: &'a CircuitBreaker,
    ) -> Retry<J, H, L, Guarded<'a, RetryError>>
    where
        G: ExtendGuards<'a>,
    {
        self.guarded(|guards| guards.into_guarded().with_breaker(breaker))
    }

    /// Lets `limiter` slow attempts down once the other side reports too many.
    pub fn adaptive<'a>(
        self,
        limiter: &'a AdaptiveLimiter,
    ) -> Retry<J, H, L, Guarded<'a, G::Rejection>>
    where
        G: ExtendGuards<'a>,
    {
        self.guarded(|guards| Guarded {
            limiter: Some(limiter),
            ..guards.into_guarded()
        })
    }

    /// Bounds the time that retries may spend: those of this call, and of all calls that its attempts
    /// make. See [`RetryScope::with_time_budget`](crate::RetryScope::with_time_budget).
    pub fn time_budget<'a>(self, budget: Duration) -> Retry<J, H, L, Guarded<'a, G::Rejection>>
    where
        G: ExtendGuards<'a>,
    {
        self.guarded(|guards| Guarded {
            time_budget: Some(budget),
            ..guards.into_guarded()
        })
    }

    pub(super) fn guarded<K>(self, guarded: impl FnOnce(G) -> K) -> Retry<J, H, L, K> {
        with!(self, guards: |guards| guarded(guards))
    }
}
