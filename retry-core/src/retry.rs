//! [`Retry`]: what the attributes offer, for code without one.

mod parts;

use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use crate::adaptive::AdaptiveLimiter;
use crate::breaker::CircuitBreaker;
use crate::budget::RetryBudget;
use crate::classify::Verdict;
use crate::engine::{Attempts, Bounds, Next, Plan, Step};
use crate::error::RetryError;
use crate::failure::Failure;
use crate::guards::{Extend, Guard, Guarded, Guards, Hedging, NoGuard, Rejection, Settle};
use crate::hedge::{Hedge, Maker};
use crate::limits::{Bounded, Cut};
use crate::nesting::{Nested, attempt_async, attempt_sync};
use crate::operation::Operation;
use crate::pause::{Carriage, Carried};
use crate::policy::RetryPolicy;
use crate::scope::InTime;

use parts::Shared;
pub use parts::{Accept, AsyncLimits, Begin, Hook, Judge, SyncLimits};
pub use parts::{
    AnyOk, ByClassify, NoHook, NoLimit, OnRetry, RetryIf, RetryOnOk, Timeout, TotalTime,
};

/// A call to make, with its policy and whatever else is to hold for it.
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
pub struct Retry<J = ByClassify, A = AnyOk, H = NoHook, L = NoLimit, G = NoGuard> {
    call: Call,
    judge: J,
    accept: A,
    hook: H,
    limits: L,
    guards: G,
}

/// What is chosen without a type of its own.
#[derive(Clone, Copy, Debug)]
struct Call {
    policy: RetryPolicy,
    operation: Operation,
    nested: Option<Nested>,
}

impl Retry {
    /// A call under `policy`, named by the caller's file and line until [`Retry::name`] says better.
    #[track_caller]
    pub const fn new(policy: RetryPolicy) -> Self {
        Self::of(policy, Operation::at(Location::caller()))
    }

    pub(crate) const fn of(policy: RetryPolicy, operation: Operation) -> Self {
        Self {
            call: Call {
                policy,
                operation,
                nested: None,
            },
            judge: ByClassify,
            accept: AnyOk,
            hook: NoHook,
            limits: NoLimit,
            guards: NoGuard,
        }
    }
}

/// The same call with another choice: every choice has a type of its own.
macro_rules! with {
    ($retry:expr, judge: $judge:expr) => {
        with!(@ $retry, (_judge, accept, hook, limits, guards), ($judge, accept, hook, limits, guards))
    };
    ($retry:expr, accept: $accept:expr) => {
        with!(@ $retry, (judge, _accept, hook, limits, guards), (judge, $accept, hook, limits, guards))
    };
    ($retry:expr, hook: $hook:expr) => {
        with!(@ $retry, (judge, accept, _hook, limits, guards), (judge, accept, $hook, limits, guards))
    };
    ($retry:expr, limits: $limits:expr) => {
        with!(@ $retry, (judge, accept, hook, _limits, guards), (judge, accept, hook, $limits, guards))
    };
    (@ $retry:expr, ($($old:ident),*), ($judge:expr, $accept:expr, $hook:expr, $limits:expr, $guards:expr)) => {{
        let (call, ($($old),*)) = $retry.parts();
        Retry {
            call,
            judge: $judge,
            accept: $accept,
            hook: $hook,
            limits: $limits,
            guards: $guards,
        }
    }};
}

impl<J, A, H, L, G> Retry<J, A, H, L, G> {
    /// The operation's name in logs, errors and statistics.
    pub const fn name(mut self, name: &'static str) -> Self {
        self.call.operation = Operation::named(name);
        self
    }

    /// What to do when an annotated call inside an attempt has given up. Without it
    /// [`Nested::Stop`], unless `RETRY__NESTED` says otherwise.
    pub const fn nested(mut self, nested: Nested) -> Self {
        self.call.nested = Some(nested);
        self
    }

    /// Judges errors by `predicate`, which gives a `bool` (retry or stop) or a [`Verdict`]; the
    /// error then need not be [`Classify`](crate::Classify), only `Display`.
    pub fn retry_if<E, V: Into<Verdict>, F: Fn(&E) -> V>(
        self,
        predicate: F,
    ) -> Retry<RetryIf<F>, A, H, L, G> {
        with!(self, judge: RetryIf(predicate))
    }

    /// Retries also on an `Ok` value of which `predicate` says so. If attempts run out, the last
    /// value comes back.
    pub fn retry_on_ok<T, F: Fn(&T) -> bool>(
        self,
        predicate: F,
    ) -> Retry<J, RetryOnOk<F>, H, L, G> {
        with!(self, accept: RetryOnOk(predicate))
    }

    /// Tells `hook` of each retry, before its wait, with the very wait that is slept.
    pub fn on_retry<E, F: Fn(crate::RetryEvent<'_, E>)>(
        self,
        hook: F,
    ) -> Retry<J, A, OnRetry<F>, L, G> {
        with!(self, hook: OnRetry(hook))
    }

    /// The same with another judge, made of this one's. For the gate, which has a say in whether
    /// there is another attempt.
    #[doc(hidden)]
    pub fn __judged_by<K>(self, judge: impl FnOnce(J) -> K) -> Retry<K, A, H, L, G> {
        let (call, (own, accept, hook, limits, guards)) = self.parts();
        let judge = judge(own);
        Retry {
            call,
            judge,
            accept,
            hook,
            limits,
            guards,
        }
    }

    /// Begins to count the time, where it is limited. For the gate, which the call passes before its
    /// first attempt.
    #[doc(hidden)]
    pub fn __begin(&mut self) -> Option<crate::limits::Limits>
    where
        L: Begin,
    {
        self.limits.begin()
    }

    fn parts(self) -> (Call, (J, A, H, L, G)) {
        let Self {
            call,
            judge,
            accept,
            hook,
            limits,
            guards,
        } = self;
        (call, (judge, accept, hook, limits, guards))
    }

    #[inline]
    fn judged<'a, T, E>(&self, outcome: &'a Result<T, E>, timed_out: bool) -> Option<Failure<'a>>
    where
        J: Judge<E>,
        A: Accept<T>,
    {
        self.failure(outcome)
            .map(|failure| failure.timed_out(timed_out))
    }

    #[inline]
    fn failure<'a, T, E>(&self, outcome: &'a Result<T, E>) -> Option<Failure<'a>>
    where
        J: Judge<E>,
        A: Accept<T>,
    {
        match outcome {
            Ok(value) => self.accept.is_refused(value).then(Failure::unaccepted),
            Err(error) => Some(self.judge.failure(error)),
        }
    }
}

impl<J, A, H, G> Retry<J, A, H, NoLimit, G> {
    /// Bounds the whole call, attempts and waits together.
    ///
    /// No wait is begun that would leave no time for an attempt. A sync attempt is never cut; an
    /// async one is dropped when time runs out, which needs `E: From<RetryError>`.
    pub fn max_total_time(self, limit: Duration) -> Retry<J, A, H, TotalTime, G> {
        with!(self, limits: TotalTime { limit, begun: None })
    }

    /// Bounds each attempt of an async call, which needs `E: From<RetryError>`. Set
    /// [`max_total_time`](Retry::max_total_time) after it, if both.
    pub fn timeout(self, timeout: Duration) -> Retry<J, A, H, Timeout, G> {
        with!(self, limits: Timeout { timeout, max_total_time: None, begun: None })
    }
}

impl<J, A, H, G> Retry<J, A, H, TotalTime, G> {
    /// Bounds each attempt as well; see [`Retry::timeout`].
    pub fn timeout(self, timeout: Duration) -> Retry<J, A, H, Timeout, G> {
        let max_total_time = Some(self.limits.limit);
        with!(self, limits: Timeout { timeout, max_total_time, begun: None })
    }
}

impl<J, A, H, G> Retry<J, A, H, Timeout, G> {
    /// Bounds the whole call as well; see [`Retry::max_total_time`].
    pub const fn max_total_time(mut self, limit: Duration) -> Self {
        self.limits.max_total_time = Some(limit);
        self
    }
}

impl<J, A, H, L, G> Retry<J, A, H, L, G> {
    /// Pays each retry from `budget`, which other calls may share: every first attempt deposits, a
    /// retry costs a token. One that finds none is not made; the call ends with its last error.
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
    pub fn budget<'a>(self, budget: &'a RetryBudget) -> Retry<J, A, H, L, Guarded<'a, G::Rejection>>
    where
        G: Extend<'a>,
    {
        self.guarded(|guards| Guarded {
            budget: Some(budget),
            ..guards.open()
        })
    }

    /// Asks `breaker` before each attempt, and tells it of each outcome. A final error
    /// ([`Verdict::Stop`]) is an answer: the other side works. While the breaker is open a call
    /// is not made, and ends with [`RetryError::CircuitOpen`](crate::RetryError::CircuitOpen), which
    /// needs `E: From<RetryError>`. A retry that would meet an open circuit after its wait is not waited
    /// for: the call ends with its last error.
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
    ) -> Retry<J, A, H, L, Guarded<'a, RetryError>>
    where
        G: Extend<'a>,
    {
        self.guarded(|guards| guards.open().with_breaker(breaker))
    }

    /// Lets `limiter` slow attempts down once the other side says that there are too many.
    pub fn adaptive<'a>(
        self,
        limiter: &'a AdaptiveLimiter,
    ) -> Retry<J, A, H, L, Guarded<'a, G::Rejection>>
    where
        G: Extend<'a>,
    {
        self.guarded(|guards| Guarded {
            limiter: Some(limiter),
            ..guards.open()
        })
    }

    /// Bounds the time that retries may spend: those of this call, and of all calls that its attempts
    /// make. See [`RetryScope::with_time_budget`](crate::RetryScope::with_time_budget).
    pub fn time_budget<'a>(self, budget: Duration) -> Retry<J, A, H, L, Guarded<'a, G::Rejection>>
    where
        G: Extend<'a>,
    {
        self.guarded(|guards| Guarded {
            time_budget: Some(budget),
            ..guards.open()
        })
    }

    /// Makes another attempt beside one that is slow; the first success counts, the others are
    /// dropped. Only for a body that may run twice at the same time. Each hedge takes a token of the
    /// budget, where there is one; a refusal leaves the first attempt alone. Set it last.
    pub fn hedge<'a>(self, hedge: Hedge) -> Retry<J, A, H, L, Hedging<Guarded<'a, G::Rejection>>>
    where
        G: Extend<'a>,
    {
        self.guarded(|guards| Hedging {
            guards: guards.open(),
            hedge,
        })
    }

    fn guarded<K>(self, guarded: impl FnOnce(G) -> K) -> Retry<J, A, H, L, K> {
        let (call, (judge, accept, hook, limits, guards)) = self.parts();
        let guards = guarded(guards);
        Retry {
            call,
            judge,
            accept,
            hook,
            limits,
            guards,
        }
    }

    /// Makes the call, on this thread; waits block it.
    ///
    /// # Errors
    ///
    /// The last attempt's error, untouched, or [`RetryError`](crate::RetryError) in the form that
    /// `E: From<RetryError>` gives it, where a circuit breaker let no attempt be made.
    pub fn run<T, E>(self, mut attempt: impl FnMut() -> Result<T, E>) -> Result<T, E>
    where
        J: Judge<E>,
        A: Accept<T>,
        H: Hook<E>,
        L: SyncLimits,
        G: Guard<Rejection: Cut<E>>,
    {
        let limits = self.limits.start();
        let guards = self.guards.begin();
        let operation = &self.call.operation;
        let mut attempts = Attempts::new();
        loop {
            let plan = || self.plan(L::limits(&limits), G::guards(&guards));
            let admission = match G::admit(&guards, operation) {
                Ok(admission) => admission,
                Err(rejection) => return Err(attempts.rejected(rejection, plan)),
            };
            let outcome = match G::guards(&guards) {
                None => attempt_sync(attempts.inner(), &mut attempt),
                Some(guards) => {
                    guards.wait(operation);
                    attempt_sync(attempts.inner(), || guards.in_time_sync(&mut attempt))
                }
            };
            if A::ANY && G::Admission::NOBODY && outcome.is_ok() && attempts.are_none() {
                return outcome;
            }
            let next = attempts.decide(
                (operation, &outcome),
                (G::guards(&guards), admission),
                plan,
                |outcome| self.failure(outcome),
                |event| self.hook.call(event),
            );
            let again = match next {
                Next::Return => false,
                Next::Again => true,
                Next::Wait(waiting) => {
                    attempts.sleep(waiting, &outcome, |outcome| self.failure(outcome))
                }
            };
            if !again {
                return outcome;
            }
        }
    }

    /// The async call of every kind.
    #[doc(hidden)]
    #[expect(
        clippy::manual_async_fn,
        reason = "an `async fn` would hold its arguments twice"
    )]
    pub fn __run_async<T, E, F>(
        self,
        mut attempt: impl FnMut() -> F,
    ) -> impl Future<Output = Result<T, E>>
    where
        F: Future<Output = Result<T, E>>,
        J: Judge<E>,
        A: Accept<T>,
        H: Hook<E>,
        L: AsyncLimits<Cut: Cut<E>>,
        G: Guard<Rejection: Cut<E>>,
    {
        async move {
            let limits = self.limits.start();
            let guards = self.guards.begin();
            let mut attempts = Attempts::new();
            loop {
                let admission = match G::admit(&guards, &self.call.operation) {
                    Ok(admission) => admission,
                    Err(rejection) => {
                        let plan = || self.plan(L::limits(&limits), G::guards(&guards));
                        return Err(attempts.rejected(rejection, plan));
                    }
                };
                let next = (&self.call.operation, attempts.number());
                let in_time = G::delay(&guards, L::limits(&limits), next).await;
                let admission = if in_time {
                    admission
                } else {
                    admission.given_back()
                };
                // What the attempt's future is made with is gone before it is awaited, so that the
                // call's future does not keep it.
                let bounded = {
                    let operation = &self.call.operation;
                    let (name, number) = (|| operation.name(), attempts.number());
                    let future = InTime::new(G::scope(&guards), attempt());
                    let future = attempt_async(attempts.inner(), future);
                    Bounded::new(L::bound(&limits, name, number), future)
                };
                let bounded = bounded.await;
                let pause = {
                    let plan = || self.plan(L::limits(&limits), G::guards(&guards));
                    let (outcome, timed_out) = match attempts.unbound(bounded, plan) {
                        Bounds::Ended(outcome) => (outcome, false),
                        Bounds::TimedOut(outcome) => (outcome, true),
                        Bounds::RanOut(outcome) => {
                            admission.cut();
                            return outcome;
                        }
                    };
                    let next = attempts.decide(
                        (&self.call.operation, &outcome),
                        (G::guards(&guards), admission),
                        plan,
                        |outcome| self.judged(outcome, timed_out),
                        |event| self.hook.call(event),
                    );
                    match next.step(&attempts, &outcome, |outcome| {
                        self.judged(outcome, timed_out)
                    }) {
                        Step::Return => return outcome,
                        Step::Again => continue,
                        Step::Wait(wait) => {
                            wait.pause(outcome, PhantomData::<Carried<Result<T, E>>>)
                        }
                    }
                };
                if let Some(carried) = pause.await {
                    return carried.unload();
                }
            }
        }
    }

    #[inline]
    fn plan<'a>(
        &'a self,
        limits: Option<&'a crate::limits::Limits>,
        guards: Option<&'a Guards<'a>>,
    ) -> Plan<'a> {
        Plan {
            operation: &self.call.operation,
            policy: &self.call.policy,
            nested: self.call.nested,
            limits,
            guards,
        }
    }
}

impl<J, A, H, L> Retry<J, A, H, L> {
    /// Makes the call; waits on tokio's clock.
    ///
    /// The future is `Send` if the closure, its futures and their outcome are. Dropping it at any
    /// await leaves nothing held.
    ///
    /// # Errors
    ///
    /// The last attempt's error, untouched, or [`RetryError`](crate::RetryError) in the form that
    /// `E: From<RetryError>` gives it, where a limit was set and ran out.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime with time enabled, when it first waits.
    pub fn run_async<T, E, F>(
        self,
        attempt: impl FnMut() -> F,
    ) -> impl Future<Output = Result<T, E>>
    where
        F: Future<Output = Result<T, E>>,
        J: Judge<E>,
        A: Accept<T>,
        H: Hook<E>,
        L: AsyncLimits<Cut: Cut<E>>,
    {
        self.__run_async(attempt)
    }
}

impl<J, A, H, L, R> Retry<J, A, H, L, Guarded<'_, R>> {
    /// Makes the call; waits on tokio's clock. As without guards; where a circuit breaker lets no
    /// attempt be made, the error is a [`RetryError`](crate::RetryError) too.
    ///
    /// # Errors
    ///
    /// As without guards.
    ///
    /// # Panics
    ///
    /// As without guards.
    pub fn run_async<T, E, F>(
        self,
        attempt: impl FnMut() -> F,
    ) -> impl Future<Output = Result<T, E>>
    where
        F: Future<Output = Result<T, E>>,
        J: Judge<E>,
        A: Accept<T>,
        H: Hook<E>,
        L: AsyncLimits<Cut: Cut<E>>,
        R: Rejection + Cut<E>,
    {
        self.__run_async(attempt)
    }
}

impl<J, A, H, L, R> Retry<J, A, H, L, Hedging<Guarded<'_, R>>> {
    /// Makes the call; waits on tokio's clock. Each attempt may have copies beside
    /// it. As without guards; where a circuit breaker lets no
    /// attempt be made, the error is a [`RetryError`](crate::RetryError) too.
    ///
    /// # Errors
    ///
    /// As without guards.
    ///
    /// # Panics
    ///
    /// As without guards.
    pub fn run_async<T, E, F>(
        self,
        attempt: impl FnMut() -> F,
    ) -> impl Future<Output = Result<T, E>>
    where
        F: Future<Output = Result<T, E>>,
        J: Judge<E>,
        A: Accept<T>,
        H: Hook<E>,
        L: AsyncLimits<Cut: Cut<E>>,
        R: Rejection + Cut<E>,
    {
        let Hedging { guards, hedge } = &self.guards;
        let (shared, hedge, operation) = (guards.shared(), *hedge, self.call.operation);
        let maker = Maker::new(attempt);
        let (call, (judge, accept, hook, limits, Hedging { guards, .. })) = self.parts();
        let judge = Shared(Arc::new(judge));
        let is_final = judge.clone();
        // A hedged attempt is an attempt like any other.
        let retry = Retry {
            call,
            judge,
            accept,
            hook,
            limits,
            guards,
        };
        retry
            .__run_async(move || hedge.race((&shared, &operation), maker.clone(), is_final.clone()))
    }
}
