//! The one engine: what happens after each attempt, for attribute, function and builder, sync and
//! async alike. *Attempt → classify → wait → event*; the caller sleeps.

use std::time::Duration;

use crate::backoff;
use crate::classify::Verdict;
use crate::clock::{self, Moment};
use crate::event::{self, At, Reason};
use crate::failure::{Failure, text_of};
use crate::limits::{Cut, Limits};
use crate::nesting::{self, GaveUp, Inner, Nested};
use crate::operation::Operation;
use crate::policy::{ExecutionGuarantee, RetryPolicy};
use crate::random::{self, Random};
use crate::retry_event::RetryEvent;
use crate::stats::{self, Ended};
use crate::{pause, scope, settings};

/// What does not change in a call.
#[derive(Clone, Copy)]
pub(crate) struct Plan<'a> {
    pub(crate) operation: &'a Operation,
    pub(crate) policy: &'a RetryPolicy,
    /// As given; `None` leaves it to the process.
    pub(crate) nested: Option<Nested>,
    pub(crate) limits: Option<&'a Limits>,
}

/// What a call carries from attempt to attempt: 16 bytes of its future.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempts {
    /// Retries made so far: the attempt that runs, or the next one, less 1.
    retries: u32,
    /// The first failure, if somebody asked for the time by then.
    failed: Option<Moment>,
    /// The last wait in nanoseconds, for decorrelated jitter; halved so as to align to 4 bytes.
    previous: [u32; 2],
    /// A call that gave up in the attempt that runs.
    inner: Inner,
}

impl Attempts {
    /// A call before its first attempt.
    #[must_use]
    #[inline]
    pub(crate) const fn new() -> Self {
        Self {
            retries: 0,
            failed: None,
            previous: [0; 2],
            inner: Inner::NONE,
        }
    }

    /// Where the attempt that runs leaves a call that gave up in it.
    #[inline]
    pub(crate) const fn inner(&mut self) -> &mut Inner {
        &mut self.inner
    }

    /// The attempt that runs, from 1.
    #[must_use]
    #[inline]
    pub(crate) const fn number(&self) -> u32 {
        self.retries.saturating_add(1)
    }

    /// Whether a success now is nothing to tell of: it is the first attempt's, and nobody counts.
    ///
    #[must_use]
    #[inline]
    pub(crate) fn are_none(&self) -> bool {
        self.retries == 0 && !stats::on()
    }

    /// Decides on an attempt's outcome.
    ///
    /// `judge` says what is wrong with the outcome, if anything; `plan` is made only if something
    /// is, or somebody counts. The outcome stays where it is.
    #[inline]
    pub(crate) fn decide<'p, T, E>(
        &mut self,
        (operation, outcome): (&Operation, &Result<T, E>),
        plan: impl FnOnce() -> Plan<'p>,
        judge: impl FnOnce(&Result<T, E>) -> Option<Failure<'_>>,
        hook: impl FnOnce(RetryEvent<'_, E>),
    ) -> Next<'p> {
        let Some(failure) = judge(outcome) else {
            if observed() && !self.are_none() {
                if self.retries == 0 {
                    operation.counters().succeeded_at_once();
                } else {
                    self.succeeded(&plan());
                }
            }
            return Next::Return;
        };
        let plan = plan();
        let wait = match self.at_once(&plan, failure.verdict()) {
            AtOnce::Return => return Next::Return,
            AtOnce::Again => None,
            AtOnce::Consider => {
                // Copies: only they have an address, and only here.
                let (plan, failure) = (plan, failure);
                let Some(wait) = self.failed(&plan, &failure) else {
                    return Next::Return;
                };
                Some(wait)
            }
        };
        hook(RetryEvent {
            operation: plan.operation,
            attempt: self.retries,
            policy: plan.policy,
            error: outcome.as_ref().err(),
            wait: wait.unwrap_or_default(),
        });
        match wait {
            None => Next::Again,
            Some(wait) => Next::Wait(Waiting { wait, plan }),
        }
    }

    /// The short way of a failure: nobody looks on and there is nothing to wait for.
    #[inline]
    fn at_once(&mut self, plan: &Plan<'_>, verdict: Verdict) -> AtOnce {
        if plan.limits.is_some() || verdict != Verdict::Retry {
            return AtOnce::Consider;
        }
        self.at_once_under(plan.policy)
    }

    #[inline]
    fn at_once_under(&mut self, policy: &RetryPolicy) -> AtOnce {
        let last = policy.attempts_at_once();
        if self.retries >= last || observed() || scope::is_entered() || !self.inner.is_none() {
            return AtOnce::Consider;
        }
        let next = self.retries + 1;
        if next == last {
            return if nesting::is_inside() || policy.is_unlimited() {
                AtOnce::Consider
            } else {
                AtOnce::Return
            };
        }
        // The wait is none, but an async one gives way to other tasks before this attempt.
        if next.wrapping_add(1).is_multiple_of(pause::YIELD_EVERY) {
            return AtOnce::Consider;
        }
        self.retries = next;
        AtOnce::Again
    }

    /// What a bounded attempt comes to, where a limit may have cut it.
    #[inline]
    pub(crate) fn unbound<'p, T, E, L: Cut<E>>(
        &self,
        bounded: Result<Result<T, E>, L>,
        plan: impl FnOnce() -> Plan<'p>,
    ) -> Bounds<T, E> {
        let cut = match bounded {
            Ok(ended) => return Bounds::Ended(ended),
            Err(cut) => cut,
        };
        if let Some(over) = cut.ends_the_call() {
            self.ran_out(&plan(), over);
            return Bounds::RanOut(Err(cut.into_error()));
        }
        Bounds::TimedOut(Err(cut.into_error()))
    }

    /// Waits as a sync call does. Says whether there is to be another attempt: not where the wait
    /// was cancelled, or has left no time for one.
    #[inline]
    pub(crate) fn sleep<T, E>(
        &self,
        Waiting { wait, plan }: Waiting<'_>,
        outcome: &Result<T, E>,
        judge: impl FnOnce(&Result<T, E>) -> Option<Failure<'_>>,
    ) -> bool {
        let cancelled = clock::sleep(wait, plan.operation);
        let reason = if cancelled {
            Reason::Cancelled
        } else if plan
            .limits
            .and_then(Limits::left)
            .is_some_and(|left| left.is_zero())
        {
            Reason::TimeLimit
        } else {
            return true;
        };
        Interrupted::new(*self, &plan, judge(outcome).as_ref()).report(&reason);
        false
    }

    /// The attempt succeeded, and not at the first time.
    #[cold]
    fn succeeded(&self, plan: &Plan<'_>) {
        event::succeeded(self.at(plan));
        self.count(plan, true);
    }

    /// The attempt failed. Reports it, and gives the wait before the next attempt, if there is to
    /// be one.
    #[cold]
    pub(crate) fn failed(&mut self, plan: &Plan<'_>, failure: &Failure<'_>) -> Option<Duration> {
        let mut carried = self.inner.take();
        if !carried.is_empty() {
            let error = failure.description();
            carried.retain(|inner| !inner.text.is_empty() && error.carries(&inner.text));
        }
        let observed = observed();
        if observed {
            self.failed.get_or_insert_with(Moment::now);
            if stats::on() {
                plan.operation.counters().failed(failure.kind());
            }
        }
        match self.judge(plan, failure, carried.last()) {
            Ok(wait) => {
                let wait = Duration::from_nanos(wait);
                if observed {
                    event::retrying(self.at(plan), failure.description(), wait);
                }
                self.retries = self.retries.saturating_add(1);
                Some(wait)
            }
            Err(end) => {
                self.ended(plan, failure, end, carried);
                None
            }
        }
    }

    /// Whether there is to be another attempt: the wait before it in nanoseconds, or why not.
    fn judge(
        &mut self,
        plan: &Plan<'_>,
        failure: &Failure<'_>,
        carried: Option<&GaveUp>,
    ) -> Result<u64, End> {
        let policy = plan.policy;
        let verdict = failure.verdict();
        let exactly_once = policy.execution_guarantee() == ExecutionGuarantee::ExactlyOnce;
        let hint = match verdict {
            Verdict::Stop => return Err(End::NotRetryable(verdict)),
            Verdict::Unknown if exactly_once => return Err(End::NotRetryable(verdict)),
            Verdict::Retry | Verdict::Unknown => None,
            Verdict::RetryAfter(hint) => Some(hint),
        };
        if policy.is_last(self.number()) {
            return Err(End::Exhausted);
        }
        if let Some(inner) = carried.filter(|_| plan.heeds_inner_calls()) {
            return Err(End::Stopped(Reason::Nested(inner.operation)));
        }
        if scope::is_cancelled() {
            return Err(End::Stopped(Reason::Cancelled));
        }
        let left = plan.limits.and_then(Limits::left).map(backoff::nanos);
        let left = left.unwrap_or(u64::MAX);
        let wait = match hint.map(|hint| (hint, backoff::nanos(hint))) {
            None if never_waits(policy) => 0,
            None => self.draw(policy, 0, left),
            Some((hint, nanos)) if hint > policy.max_retry_after() || nanos >= left => {
                return Err(End::Stopped(Reason::ServerHint));
            }
            Some((_, nanos)) => self.draw(policy, nanos, left),
        };
        if wait >= left {
            return Err(End::Stopped(Reason::TimeLimit));
        }
        Ok(wait)
    }

    /// The wait before the next attempt, not under `floor`, which is spread upward by a tenth, as
    /// far as that leaves something of what is `left`.
    fn draw(&mut self, policy: &RetryPolicy, floor: u64, left: u64) -> u64 {
        let previous = u64::from(self.previous[0]) << 32 | u64::from(self.previous[1]);
        let (drawn, floor) = random::with_thread(|random: &mut Random| {
            let drawn = backoff::draw(policy, self.retries, previous, random);
            let floor = if floor == 0 {
                0
            } else {
                let spread = floor.saturating_add(floor / 10);
                random.between(floor, spread.min(left.saturating_sub(1)))
            };
            (drawn, floor)
        });
        #[expect(clippy::cast_possible_truncation, reason = "two halves")]
        {
            self.previous = [(drawn >> 32) as u32, drawn as u32];
        }
        drawn.max(floor)
    }

    fn at<'a>(&self, plan: &Plan<'a>) -> At<'a> {
        let since_failure = || self.failed.map_or(Duration::ZERO, Moment::elapsed);
        At {
            operation: plan.operation,
            policy: plan.policy,
            attempt: self.number(),
            elapsed: plan.limits.map_or_else(since_failure, Limits::elapsed),
        }
    }

    /// The call failed; `carried` are the calls inside its last attempt that it failed of.
    #[cold]
    fn ended(&self, plan: &Plan<'_>, failure: &Failure<'_>, end: End, carried: Vec<GaveUp>) {
        let (at, error) = (self.at(plan), failure.description());
        let outermost = !nesting::is_inside();
        match &end {
            End::Exhausted => event::exhausted(at, error, "exhausted", !outermost),
            End::NotRetryable(verdict) => event::not_retried(at, error, *verdict),
            End::Stopped(reason) => event::stopped(at, &error, reason),
        }
        // An inner call gave up in a WARN, as it was inside: the one ERROR is the outermost call's.
        if outermost && !carried.is_empty() && !matches!(end, End::Exhausted) {
            event::exhausted(at, error, "nested", false);
        }
        // What is not this call's own giving up may still be an inner one's, for a layer above.
        let own = !matches!(end, End::NotRetryable(_));
        gave_up(plan, own, carried, &error);
        self.count(plan, false);
    }

    /// Time ran out during an attempt, or before it could begin.
    fn ran_out(&self, plan: &Plan<'_>, error: &dyn std::fmt::Display) {
        if stats::on() {
            plan.operation.counters().failed("time_limit");
        }
        self.stopped(plan, error, &Reason::TimeLimit);
    }

    #[cold]
    fn stopped(&self, plan: &Plan<'_>, error: &dyn std::fmt::Display, reason: &Reason) {
        event::stopped(self.at(plan), error, reason);
        gave_up(plan, true, Vec::new(), error);
        self.count(plan, false);
    }

    fn count(&self, plan: &Plan<'_>, succeeded: bool) {
        if stats::on() {
            let spent = self.failed.map_or(Duration::ZERO, Moment::elapsed);
            plan.operation.counters().ended(Ended {
                attempts: self.number(),
                succeeded,
                spent,
            });
        }
    }
}

/// How a bounded attempt ended.
#[derive(Debug)]
pub enum Bounds<T, E> {
    /// By itself.
    Ended(Result<T, E>),
    /// By its own timeout: it may be tried again.
    TimedOut(Result<T, E>),
    /// By the call's time limit: the call is over.
    RanOut(Result<T, E>),
}

/// Why a call ends without success.
enum End {
    NotRetryable(Verdict),
    Exhausted,
    Stopped(Reason),
}

impl Plan<'_> {
    fn heeds_inner_calls(&self) -> bool {
        let nested = self.nested.unwrap_or_else(|| settings::current().nested);
        nested == Nested::Stop
    }
}

/// Tells an enclosing call of the calls that gave up: those that this one carries and, where it
/// gave up `itself`, this one. A call that never tries twice multiplies nothing of its own.
fn gave_up(plan: &Plan<'_>, itself: bool, mut carried: Vec<GaveUp>, error: &dyn std::fmt::Display) {
    nesting::give_up(|| {
        if itself && plan.policy.max_attempts() > 1 {
            let (operation, text) = (plan.operation.name(), text_of(error));
            carried.push(GaveUp { operation, text });
        }
        carried
    });
}

/// Whether every wait of the policy is zero, told without drawing one.
fn never_waits(policy: &RetryPolicy) -> bool {
    use crate::{Growth, Jitter};
    policy.max_wait().is_zero()
        || (policy.min_wait().is_zero()
            && !matches!(policy.jitter(), Jitter::Additive(_))
            && !matches!(policy.growth(), Growth::Schedule(_)))
}

/// What follows an attempt.
pub(crate) enum Next<'a> {
    /// Its outcome is the caller's.
    Return,
    /// The next attempt, at once.
    Again,
    /// A wait, and then the next attempt.
    Wait(Waiting<'a>),
}

impl Next<'_> {
    /// The same for an async call, which owns what it waits with.
    #[inline]
    pub(crate) fn step<R>(
        self,
        attempts: &Attempts,
        outcome: &R,
        judge: impl FnOnce(&R) -> Option<Failure<'_>>,
    ) -> Step {
        match self {
            Self::Return => Step::Return,
            Self::Again => Step::Again,
            Self::Wait(Waiting { wait, plan }) => Step::Wait(Wait {
                wait,
                next: attempts.number(),
                interrupted: scope::is_entered()
                    .then(|| Box::new(Interrupted::new(*attempts, &plan, judge(outcome).as_ref()))),
            }),
        }
    }
}

/// What follows an async attempt.
#[derive(Debug)]
pub enum Step {
    /// Its outcome is the caller's.
    Return,
    /// The next attempt, at once.
    Again,
    /// A wait, and then the next attempt.
    Wait(Wait),
}

/// An async wait, before it is begun.
#[derive(Debug)]
pub struct Wait {
    pub(crate) wait: Duration,
    /// The attempt after it.
    pub(crate) next: u32,
    /// What is reported if its scope ends it.
    pub(crate) interrupted: Option<Box<Interrupted>>,
}

/// Whether a failure can be dealt with on the short way.
enum AtOnce {
    Return,
    Again,
    Consider,
}

/// A wait that is to be slept.
pub(crate) struct Waiting<'a> {
    pub(crate) wait: Duration,
    pub(crate) plan: Plan<'a>,
}

/// Whether anybody is to be told of what is not a success at the first attempt.
#[inline]
fn observed() -> bool {
    event::on() || stats::on()
}

/// What is reported if a wait is broken off: owned, as the call's own data may be out of reach by
/// then.
#[derive(Debug)]
pub(crate) struct Interrupted {
    operation: Operation,
    policy: RetryPolicy,
    limits: Option<Limits>,
    attempts: Attempts,
    error: String,
}

impl Interrupted {
    /// The report on the wait that follows the last failed attempt.
    pub(crate) fn new(attempts: Attempts, plan: &Plan<'_>, failure: Option<&Failure<'_>>) -> Self {
        Self {
            operation: *plan.operation,
            policy: *plan.policy,
            limits: plan.limits.copied(),
            // The attempt that the wait was for does not come.
            attempts: Attempts {
                retries: attempts.retries.saturating_sub(1),
                ..attempts
            },
            error: failure
                .map(|failure| text_of(&failure.description()))
                .unwrap_or_default(),
        }
    }

    #[cold]
    pub(crate) fn report(&self, reason: &Reason) {
        let limits = self.limits.as_ref();
        let plan = Plan {
            operation: &self.operation,
            policy: &self.policy,
            nested: None,
            limits,
        };
        self.attempts.stopped(&plan, &self.error, reason);
    }
}
