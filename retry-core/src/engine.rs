//! The one engine: what happens after each attempt, for attribute, function and builder, sync and
//! async alike. *Attempt → classify → wait → event*; the caller sleeps.

use std::ops::ControlFlow;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::backoff;
use crate::classify::Verdict;
use crate::clock::{self, Moment};
use crate::event::{self, At, Reason};
use crate::failure::Failure;
use crate::limits::{Cut, Limits};
use crate::nesting::{self, GaveUp, Inner, Nested};
use crate::operation::Operation;
use crate::policy::{ExecutionGuarantee, RetryPolicy};
use crate::random::{self, Random};
use crate::retry_event::RetryEvent;
use crate::stats::{self, Ended};
use crate::{scope, settings};

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
    /// The attempt that runs, or the next one, from 1.
    number: u32,
    /// The first failure, if somebody asked for the time by then.
    failed: Option<Moment>,
    /// The last wait in nanoseconds, for decorrelated jitter; halved so as to align to 4 bytes.
    previous: [u32; 2],
}

impl Attempts {
    /// A call before its first attempt.
    #[must_use]
    #[inline]
    pub(crate) const fn new() -> Self {
        Self {
            number: 1,
            failed: None,
            previous: [0; 2],
        }
    }

    /// The attempt that runs, from 1.
    #[must_use]
    #[inline]
    pub(crate) const fn number(&self) -> u32 {
        self.number
    }

    /// Decides on an attempt's outcome: `Break` with what the caller gets, or `Continue` with the
    /// wait before the next attempt.
    ///
    /// `judge` says what is wrong with the outcome, if anything; `plan` is made only if something
    /// is, or somebody counts.
    #[inline]
    pub(crate) fn decide<'p, T, E>(
        &mut self,
        (outcome, inner): (Result<T, E>, Inner),
        plan: impl FnOnce() -> Plan<'p>,
        judge: impl FnOnce(&Result<T, E>) -> Option<Failure<'_>>,
        hook: impl FnOnce(RetryEvent<'_, E>),
    ) -> ControlFlow<Result<T, E>, Waiting<'p, Result<T, E>>> {
        let Some(failure) = judge(&outcome) else {
            if self.number != 1 || stats::on() {
                self.succeeded(&plan());
            }
            return ControlFlow::Break(outcome);
        };
        let plan = plan();
        let Some(wait) = self.failed(&plan, &failure, inner) else {
            return ControlFlow::Break(outcome);
        };
        hook(RetryEvent {
            operation: plan.operation,
            attempt: self.number - 1,
            policy: plan.policy,
            error: outcome.as_ref().err(),
            wait,
        });
        ControlFlow::Continue(Waiting {
            wait,
            outcome,
            plan,
        })
    }

    /// What a bounded attempt comes to, where a limit may have cut it.
    pub(crate) fn unbound<'p, T, E, L: Cut<E>>(
        &self,
        bounded: Result<(Result<T, E>, Inner), L>,
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
        Bounds::TimedOut((Err(cut.into_error()), Inner::NONE))
    }

    /// Waits as a sync call does: `Break` with the outcome where the wait was cancelled, or has
    /// left no time for another attempt.
    #[inline]
    pub(crate) fn sleep<T, E>(
        &self,
        waiting: Waiting<'_, Result<T, E>>,
        judge: impl FnOnce(&Result<T, E>) -> Option<Failure<'_>>,
        warned: &AtomicBool,
    ) -> ControlFlow<Result<T, E>> {
        let Waiting {
            wait,
            outcome,
            plan,
        } = waiting;
        let cancelled = clock::sleep(wait, plan.operation, warned);
        let reason = if cancelled {
            Reason::Cancelled
        } else if plan
            .limits
            .and_then(Limits::left)
            .is_some_and(|left| left.is_zero())
        {
            Reason::TimeLimit
        } else {
            return ControlFlow::Continue(());
        };
        Interrupted::new(*self, &plan, judge(&outcome).as_ref()).report(&reason);
        ControlFlow::Break(outcome)
    }

    /// The attempt succeeded, not at the first time or with somebody counting.
    #[cold]
    fn succeeded(&self, plan: &Plan<'_>) {
        if self.number == 1 {
            plan.operation.counters().succeeded_at_once();
            return;
        }
        event::succeeded(self.at(plan));
        self.count(plan, true);
    }

    /// The attempt failed. Reports it, and gives the wait before the next attempt, if there is to
    /// be one.
    pub(crate) fn failed(
        &mut self,
        plan: &Plan<'_>,
        failure: &Failure<'_>,
        inner: Inner,
    ) -> Option<Duration> {
        let observed = event::on() || stats::on();
        if observed {
            self.failed.get_or_insert_with(Moment::now);
            if stats::on() {
                plan.operation.counters().failed(failure.kind());
            }
        }
        match self.judge(plan, failure, inner) {
            Ok(wait) => {
                let wait = Duration::from_nanos(wait);
                if observed {
                    event::retrying(self.at(plan), failure.description(), wait);
                }
                self.number = self.number.saturating_add(1);
                Some(wait)
            }
            Err(end) => {
                self.ended(plan, failure, end);
                None
            }
        }
    }

    /// Whether there is to be another attempt: the wait before it in nanoseconds, or why not.
    fn judge(&mut self, plan: &Plan<'_>, failure: &Failure<'_>, inner: Inner) -> Result<u64, End> {
        let policy = plan.policy;
        let verdict = failure.verdict();
        let exactly_once = policy.execution_guarantee() == ExecutionGuarantee::ExactlyOnce;
        let hint = match verdict {
            Verdict::Stop => return Err(End::NotRetryable(verdict)),
            Verdict::Unknown if exactly_once => return Err(End::NotRetryable(verdict)),
            Verdict::Retry | Verdict::Unknown => None,
            Verdict::RetryAfter(hint) => Some(hint),
        };
        if policy.is_last(self.number) {
            return Err(End::Exhausted);
        }
        if let Some(inner) = carried(plan, failure, inner) {
            return Err(End::Stopped(Reason::Nested(inner)));
        }
        if scope::is_cancelled() {
            return Err(End::Stopped(Reason::Cancelled));
        }
        let wait = match hint {
            None if never_waits(policy) => 0,
            None => self.draw(policy, 0),
            Some(hint) if hint > policy.max_retry_after() => {
                return Err(End::Stopped(Reason::ServerHint));
            }
            Some(hint) => self.draw(policy, backoff::nanos(hint)),
        };
        let left = plan.limits.and_then(Limits::left).map(backoff::nanos);
        if left.is_some_and(|left| wait >= left) {
            let reason = if hint.is_some() {
                Reason::ServerHint
            } else {
                Reason::TimeLimit
            };
            return Err(End::Stopped(reason));
        }
        Ok(wait)
    }

    /// The wait before the next attempt, not under `floor`, which is spread upward by a tenth.
    fn draw(&mut self, policy: &RetryPolicy, floor: u64) -> u64 {
        let previous = u64::from(self.previous[0]) << 32 | u64::from(self.previous[1]);
        let (drawn, floor) = random::with_thread(|random: &mut Random| {
            let drawn = backoff::draw(policy, self.number - 1, previous, random);
            let floor = if floor == 0 {
                0
            } else {
                random.between(floor, floor.saturating_add(floor / 10))
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
            attempt: self.number,
            elapsed: plan.limits.map_or_else(since_failure, Limits::elapsed),
        }
    }

    #[cold]
    fn ended(&self, plan: &Plan<'_>, failure: &Failure<'_>, end: End) {
        let (at, error) = (self.at(plan), failure.description());
        match end {
            End::NotRetryable(verdict) => event::not_retried(at, error, verdict),
            End::Exhausted => {
                event::exhausted(at, error, "exhausted", nesting::is_inside());
                gave_up(plan, &error);
            }
            End::Stopped(reason) => {
                event::stopped(at, &error, &reason);
                // The inner call gave up in a WARN, as it was inside: the one ERROR is this call's.
                if matches!(reason, Reason::Nested(_)) && !nesting::is_inside() {
                    event::exhausted(at, error, "nested", false);
                }
                gave_up(plan, &error);
            }
        }
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
        gave_up(plan, error);
        self.count(plan, false);
    }

    fn count(&self, plan: &Plan<'_>, succeeded: bool) {
        if stats::on() {
            let spent = self.failed.map_or(Duration::ZERO, Moment::elapsed);
            plan.operation.counters().ended(Ended {
                attempts: self.number,
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
    Ended((Result<T, E>, Inner)),
    /// By its own timeout: it may be tried again.
    TimedOut((Result<T, E>, Inner)),
    /// By the call's time limit: the call is over.
    RanOut(Result<T, E>),
}

/// Why a call ends without success.
enum End {
    NotRetryable(Verdict),
    Exhausted,
    Stopped(Reason),
}

/// The inner call that gave up in this attempt, if the error is its and the call is to heed it.
fn carried(plan: &Plan<'_>, failure: &Failure<'_>, inner: Inner) -> Option<GaveUp> {
    let inner = inner.take()?;
    let nested = plan.nested.unwrap_or_else(|| settings::current().nested);
    (nested == Nested::Stop && failure.description().carries(&inner.text)).then_some(inner)
}

/// Tells an enclosing call. A call that never tries twice multiplies nothing, and tells nobody.
fn gave_up(plan: &Plan<'_>, error: &dyn std::fmt::Display) {
    if plan.policy.max_attempts() > 1 {
        nesting::give_up(|| GaveUp {
            operation: plan.operation.name(),
            text: error.to_string(),
        });
    }
}

/// Whether every wait of the policy is zero, told without drawing one.
fn never_waits(policy: &RetryPolicy) -> bool {
    use crate::{Growth, Jitter};
    policy.max_wait().is_zero()
        || (policy.min_wait().is_zero()
            && !matches!(policy.jitter(), Jitter::Additive(_))
            && !matches!(policy.growth(), Growth::Schedule(_)))
}

/// A wait that is to be slept.
pub(crate) struct Waiting<'a, R> {
    pub(crate) wait: Duration,
    /// The last attempt's, in case the wait is broken off.
    pub(crate) outcome: R,
    pub(crate) plan: Plan<'a>,
}

/// What is reported if a wait is broken off: owned, as the call's own data may be out of reach by
/// then.
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
                number: attempts.number - 1,
                ..attempts
            },
            error: failure
                .map(|failure| failure.description().to_string())
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
