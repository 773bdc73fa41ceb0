//! The one engine: what happens after each attempt, for attribute, function and builder, sync and
//! async alike. *Attempt → classify → wait → event*; the caller sleeps.

mod ending;
mod next;

use std::time::Duration;

use crate::backoff;
use crate::classify::Verdict;
use crate::clock::{self, Moment};
use crate::event::{self, Reason};
use crate::failure::Failure;
use crate::limits::{Cut, Limits};
use crate::nesting::{self, GaveUp, Inner, Nested};
use crate::operation::Operation;
use crate::policy::{ExecutionGuarantee, RetryPolicy};
use crate::random::{self, Random};
use crate::retry_event::RetryEvent;
use crate::stats;
use crate::{doubt, pause, scope, settings};

use ending::End;
pub use next::{Bounds, Step};
pub(crate) use next::{Interrupted, Next, Wait, Waiting};

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
        let verdict = failure.verdict();
        let wait = match self.at_once(&plan, verdict) {
            AtOnce::Return => return Next::Return,
            AtOnce::Again => None,
            AtOnce::Consider => {
                // Copies: only they have an address, and only here.
                let (plan, failure) = (plan, failure.judged(verdict));
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
        let last = plan.policy.attempts_at_once();
        if self.retries >= last
            || observed()
            || doubt::is_watched()
            || scope::is_entered()
            || !self.inner.is_none()
        {
            return AtOnce::Consider;
        }
        let next = self.retries + 1;
        if next == last {
            return if nesting::is_inside() || plan.policy.is_unlimited() {
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
            if doubt::is_watched() {
                doubt::mark();
            }
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
        if doubt::is_watched() && failure.is_unknown() {
            doubt::mark();
        }
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
            None if policy.attempts_at_once() > 0 => 0,
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
}

impl Plan<'_> {
    fn heeds_inner_calls(&self) -> bool {
        let nested = self.nested.unwrap_or_else(|| settings::current().nested);
        nested == Nested::Stop
    }
}

/// Whether a failure can be dealt with on the short way.
enum AtOnce {
    Return,
    Again,
    Consider,
}

/// Whether anybody is to be told of what is not a success at the first attempt.
#[inline]
fn observed() -> bool {
    event::on() || stats::on()
}
