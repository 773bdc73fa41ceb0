//! [`Retry`]: what the attributes offer, for code without one.

mod parts;

use std::future::Future;
use std::marker::PhantomData;
use std::panic::Location;
use std::time::Duration;

use crate::classify::Verdict;
use crate::engine::{Attempts, Bounds, Next, Plan, Step};
use crate::failure::Failure;
use crate::limits::Cut;
use crate::nesting::{Nested, attempt_async, attempt_sync};
use crate::operation::Operation;
use crate::pause::{Carriage, Carried};
use crate::policy::RetryPolicy;

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
pub struct Retry<J = ByClassify, A = AnyOk, H = NoHook, L = NoLimit> {
    policy: RetryPolicy,
    operation: Operation,
    nested: Option<Nested>,
    judge: J,
    accept: A,
    hook: H,
    limits: L,
}

impl Retry {
    /// A call under `policy`, named by the caller's file and line until [`Retry::name`] says better.
    #[track_caller]
    pub const fn new(policy: RetryPolicy) -> Self {
        Self::of(policy, Operation::at(Location::caller()))
    }

    pub(crate) const fn of(policy: RetryPolicy, operation: Operation) -> Self {
        Self {
            policy,
            operation,
            nested: None,
            judge: ByClassify,
            accept: AnyOk,
            hook: NoHook,
            limits: NoLimit,
        }
    }
}

impl<J, A, H, L> Retry<J, A, H, L> {
    /// The operation's name in logs, errors and statistics.
    pub const fn name(mut self, name: &'static str) -> Self {
        self.operation = Operation::named(name);
        self
    }

    /// What to do when an annotated call inside an attempt has given up. Without it
    /// [`Nested::Stop`], unless `RETRY__NESTED` says otherwise.
    pub const fn nested(mut self, nested: Nested) -> Self {
        self.nested = Some(nested);
        self
    }

    /// Judges errors by `predicate`, which gives a `bool` (retry or stop) or a [`Verdict`]; the
    /// error then need not be [`Classify`](crate::Classify), only `Display`.
    pub fn retry_if<E, V: Into<Verdict>, F: Fn(&E) -> V>(
        self,
        predicate: F,
    ) -> Retry<RetryIf<F>, A, H, L> {
        let Self {
            policy,
            operation,
            nested,
            judge: _,
            accept,
            hook,
            limits,
        } = self;
        Retry {
            policy,
            operation,
            nested,
            judge: RetryIf(predicate),
            accept,
            hook,
            limits,
        }
    }

    /// Retries also on an `Ok` value of which `predicate` says so. If attempts run out, the last
    /// value comes back.
    pub fn retry_on_ok<T, F: Fn(&T) -> bool>(self, predicate: F) -> Retry<J, RetryOnOk<F>, H, L> {
        let Self {
            policy,
            operation,
            nested,
            judge,
            accept: _,
            hook,
            limits,
        } = self;
        Retry {
            policy,
            operation,
            nested,
            judge,
            accept: RetryOnOk(predicate),
            hook,
            limits,
        }
    }

    /// Tells `hook` of each retry, before its wait, with the very wait that is slept.
    pub fn on_retry<E, F: Fn(crate::RetryEvent<'_, E>)>(
        self,
        hook: F,
    ) -> Retry<J, A, OnRetry<F>, L> {
        let Self {
            policy,
            operation,
            nested,
            judge,
            accept,
            hook: _,
            limits,
        } = self;
        Retry {
            policy,
            operation,
            nested,
            judge,
            accept,
            hook: OnRetry(hook),
            limits,
        }
    }

    /// The same with another judge, made of this one's. For the gate, which has a say in whether
    /// there is another attempt.
    #[doc(hidden)]
    pub fn __judged_by<K>(self, judge: impl FnOnce(J) -> K) -> Retry<K, A, H, L> {
        let Self {
            policy,
            operation,
            nested,
            judge: own,
            accept,
            hook,
            limits,
        } = self;
        Retry {
            policy,
            operation,
            nested,
            judge: judge(own),
            accept,
            hook,
            limits,
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

impl<J, A, H> Retry<J, A, H, NoLimit> {
    /// Bounds the whole call, attempts and waits together.
    ///
    /// No wait is begun that would leave no time for an attempt. A sync attempt is never cut; an
    /// async one is dropped when time runs out, which needs `E: From<RetryError>`.
    pub fn max_total_time(self, limit: Duration) -> Retry<J, A, H, TotalTime> {
        self.limited(TotalTime { limit, begun: None })
    }

    /// Bounds each attempt of an async call, which needs `E: From<RetryError>`. Set
    /// [`max_total_time`](Retry::max_total_time) after it, if both.
    pub fn timeout(self, timeout: Duration) -> Retry<J, A, H, Timeout> {
        self.limited(Timeout {
            timeout,
            max_total_time: None,
            begun: None,
        })
    }
}

impl<J, A, H> Retry<J, A, H, TotalTime> {
    /// Bounds each attempt as well; see [`Retry::timeout`].
    pub fn timeout(self, timeout: Duration) -> Retry<J, A, H, Timeout> {
        let max_total_time = Some(self.limits.limit);
        self.limited(Timeout {
            timeout,
            max_total_time,
            begun: None,
        })
    }
}

impl<J, A, H> Retry<J, A, H, Timeout> {
    /// Bounds the whole call as well; see [`Retry::max_total_time`].
    pub const fn max_total_time(mut self, limit: Duration) -> Self {
        self.limits.max_total_time = Some(limit);
        self
    }
}

impl<J, A, H, L> Retry<J, A, H, L> {
    fn limited<M>(self, limits: M) -> Retry<J, A, H, M> {
        let Self {
            policy,
            operation,
            nested,
            judge,
            accept,
            hook,
            limits: _,
        } = self;
        Retry {
            policy,
            operation,
            nested,
            judge,
            accept,
            hook,
            limits,
        }
    }

    /// Makes the call, on this thread; waits block it.
    ///
    /// # Errors
    ///
    /// The last attempt's error, untouched.
    pub fn run<T, E>(self, mut attempt: impl FnMut() -> Result<T, E>) -> Result<T, E>
    where
        J: Judge<E>,
        A: Accept<T>,
        H: Hook<E>,
        L: SyncLimits,
    {
        let limits = self.limits.start();
        let mut attempts = Attempts::new();
        loop {
            let outcome = attempt_sync(attempts.inner(), &mut attempt);
            if A::ANY && outcome.is_ok() && attempts.are_none() {
                return outcome;
            }
            let next = attempts.decide(
                (&self.operation, &outcome),
                || self.plan(L::limits(&limits)),
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
    #[expect(
        clippy::manual_async_fn,
        reason = "an `async fn` would hold its arguments twice"
    )]
    pub fn run_async<T, E, F>(
        self,
        mut attempt: impl FnMut() -> F,
    ) -> impl Future<Output = Result<T, E>>
    where
        F: Future<Output = Result<T, E>>,
        J: Judge<E>,
        A: Accept<T>,
        H: Hook<E>,
        L: AsyncLimits<Cut: Cut<E>>,
    {
        async move {
            let limits = self.limits.start();
            let mut attempts = Attempts::new();
            loop {
                // What the attempt's future is made with is gone before it is awaited, so that the
                // call's future does not keep it.
                let bounded = {
                    let (name, number) = (|| self.operation.name(), attempts.number());
                    let future = attempt_async(attempts.inner(), attempt());
                    L::bound(&limits, name, number, future)
                };
                let bounded = bounded.await;
                let pause = {
                    let plan = || self.plan(L::limits(&limits));
                    let (outcome, timed_out) = match attempts.unbound(bounded, plan) {
                        Bounds::Ended(outcome) => (outcome, false),
                        Bounds::TimedOut(outcome) => (outcome, true),
                        Bounds::RanOut(outcome) => return outcome,
                    };
                    let next = attempts.decide(
                        (&self.operation, &outcome),
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
    fn plan<'a>(&'a self, limits: Option<&'a crate::limits::Limits>) -> Plan<'a> {
        let Self {
            policy,
            operation,
            nested,
            ..
        } = self;
        Plan {
            operation,
            policy,
            nested: *nested,
            limits,
        }
    }
}
