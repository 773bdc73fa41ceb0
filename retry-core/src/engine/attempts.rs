//! The one engine: the steps after each attempt, for attribute, function and builder, sync and async
//! alike. *Attempt → classify → wait → event*; the caller sleeps.

use std::time::Duration;

use super::deadline::{Cut, Limits};
use super::guards::admission::{Around, Settle};
use super::guards::in_force;
use super::guards::in_force::{Guards, Withdrawal};
use super::nesting::standing;
use super::plan::{Attempts, Plan};
use super::shared::State;
use super::sleep;
use super::statistics;
use super::unknown_effect;
use super::unknown_effect::Marks;
use super::wait;
use crate::classify::failure::Failure;
use crate::classify::judgement::{Proof, Verdict};
use crate::clock;
use crate::clock::Moment;
use crate::engine::nesting::gave_up::GaveUp;
use crate::guard::budget::token::Tokens;
use crate::guard::scope;
use crate::operation::Operation;
use crate::policy::backoff;
use crate::policy::growth;
use crate::policy::random;
use crate::policy::random::Random;
use crate::policy::retry_policy::{ExecutionGuarantee, RetryPolicy};
use crate::report::event;
use crate::report::event::Reason;
use crate::report::metrics;
use crate::report::metrics::{Measured, OfOperation};
use crate::report::retry_event::RetryEvent;
use crate::settings::observers;

use super::decision::Bounds;
use super::decision::{Interrupted, Next, Waiting};
use super::ending::End;
use crate::report::outcome::Outcome;

impl Attempts {
    /// Whether a success now needs no report: it is the first attempt's, and there is no observer.
    #[must_use]
    #[inline]
    pub(crate) fn are_none(&self) -> bool {
        self.retries == 0 && !observers::any()
    }

    /// Decides what follows an attempt's outcome.
    ///
    /// `judge` returns the outcome's failure, if it is one; `plan` runs only for a failure, or if the
    /// call is counted. The outcome stays where it is.
    #[inline]
    pub(crate) fn decide<'p, T, E, S: Settle>(
        &mut self,
        (callee, outcome): (&impl Callee, &Result<T, E>),
        (guards, admission): Around<'p, S>,
        plan: impl FnOnce() -> Plan<'p>,
        judge: impl FnOnce(&Result<T, E>) -> Option<Failure<'_>>,
        hook: impl FnOnce(RetryEvent<'_, E>),
    ) -> Next<'p> {
        let guards = if S::NOBODY { None } else { guards };
        self.deposit(guards);
        let Some(failure) = judge(outcome) else {
            admission.succeeded(guards);
            if self.retries > 0 {
                if observed() || scope::is_entered() || guards.is_some() {
                    self.succeeded(&plan());
                }
            } else if observers::any() {
                self.succeeded_at_once(callee, guards);
            }
            return Next::Return;
        };
        let plan = plan();
        let (failure, verdict) = failure.advised();
        admission.failed(guards, &failure);
        let wait = match self.at_once(&plan, verdict) {
            AtOnce::Return => return Next::Return,
            AtOnce::Again => None,
            AtOnce::Consider => {
                // Copied so that borrowing does not force the originals onto the stack.
                let (plan, failure) = (plan, failure);
                let Some(admitted) = self.failed(&plan, &failure) else {
                    return Next::Return;
                };
                Some(admitted)
            }
        };
        hook(RetryEvent {
            operation: plan.operation,
            attempt: self.retries,
            policy: plan.policy,
            error: outcome.as_ref().err(),
            wait: wait
                .as_ref()
                .map(|admitted| admitted.wait)
                .unwrap_or_default(),
        });
        match wait {
            None => Next::Again,
            Some(Admitted { wait, tokens }) => Next::Wait(Waiting { wait, tokens, plan }),
        }
    }

    /// Each first attempt deposits a part of a retry in the call's budget.
    #[inline]
    fn deposit(&self, guards: Option<&Guards<'_>>) {
        if self.retries == 0
            && let Some(budget) = guards.and_then(|guards| guards.budget)
        {
            budget.deposit();
        }
    }

    /// Takes the short path of a failure: nothing observes, limits or guards the call, and no wait
    /// follows.
    #[inline]
    fn at_once(&mut self, plan: &Plan<'_>, verdict: Verdict) -> AtOnce {
        if plan.limits.is_some() || plan.guards.is_some() || verdict != Verdict::Retry {
            return AtOnce::Consider;
        }
        let last = plan.policy.attempts_without_wait();
        if self.retries >= last
            || observed()
            || unknown_effect::is_watched()
            || scope::is_entered()
            || !self.inner.is_none()
        {
            return AtOnce::Consider;
        }
        let next = self.retries + 1;
        if next == last {
            return if standing::is_inside() || plan.policy.is_unlimited() {
                AtOnce::Consider
            } else {
                AtOnce::Return
            };
        }
        // There is no wait, but an async call yields to other tasks before this attempt.
        if next.wrapping_add(1).is_multiple_of(wait::YIELD_EVERY) {
            return AtOnce::Consider;
        }
        self.retries = next;
        AtOnce::Again
    }

    /// Ends a call whose attempt the breaker rejected.
    pub(crate) fn rejected<'p, E, R: Cut<E>>(
        &self,
        rejection: R,
        plan: impl FnOnce() -> Plan<'p>,
    ) -> E {
        if let Some(error) = rejection.ends_the_call() {
            self.turned_away(&plan(), error);
        }
        rejection.into_error()
    }

    /// Returns the end of a bounded attempt: by itself, or cut by a limit.
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
            if unknown_effect::is_watched() {
                unknown_effect::mark(Marks::UNKNOWN);
            }
            self.ran_out(&plan(), over);
            return Bounds::RanOut(Err(cut.into_error()));
        }
        Bounds::TimedOut(Err(cut.into_error()))
    }

    /// Waits as a sync call does. Returns whether another attempt follows; none does if the wait
    /// was cancelled, or left no time for one.
    #[inline]
    pub(crate) fn sleep<T, E>(
        &self,
        Waiting { wait, tokens, plan }: Waiting<'_>,
        outcome: &Result<T, E>,
        judge: impl FnOnce(&Result<T, E>) -> Option<Failure<'_>>,
    ) -> bool {
        let cancelled = sleep::sleep(wait, || event::blocking(plan.operation));
        let reason = if cancelled {
            Reason::Cancelled
        } else if plan
            .limits
            .and_then(Limits::left)
            .is_some_and(|left| left.is_zero())
        {
            Reason::TimeLimit
        } else {
            if let Some(tokens) = tokens {
                tokens.spend();
            }
            return true;
        };
        Interrupted::new(*self, &plan, judge(outcome).as_ref()).report(&reason);
        false
    }

    /// Reports a success of the first attempt to the observers.
    #[inline]
    fn succeeded_at_once(&self, callee: &impl Callee, guards: Option<&Guards<'_>>) {
        if observers::is(observers::BUDGETS) {
            let own = guards.and_then(|guards| guards.budget);
            in_force::deposit_unasked(callee.operation(), own);
        }
        if observers::is(observers::UNUSED_VARIABLES) {
            callee.ask();
        }
        if statistics::on() {
            callee.state().counters.succeeded_at_once();
        }
        metrics::attempted(callee, 1, metrics::Attempt::Success);
        let call = self.call(1, Outcome::SuccessFirst);
        metrics::ended(callee, &call, || {
            let own = guards.and_then(|guards| guards.budget);
            in_force::least_tokens(in_force::budgets(callee.operation(), own))
        });
    }

    /// Reports a success of a retry.
    #[cold]
    fn succeeded(&mut self, plan: &Plan<'_>) {
        self.charge(plan);
        event::succeeded(self.at(plan));
        metrics::attempted(plan.operation, self.number(), metrics::Attempt::Success);
        self.count(plan, self.number(), Outcome::SuccessRetried);
    }

    /// Reports a failed attempt, and returns the wait before the next attempt, if there is to be one.
    #[cold]
    pub(crate) fn failed(&mut self, plan: &Plan<'_>, failure: &Failure<'_>) -> Option<Admitted> {
        if unknown_effect::is_watched() {
            match failure.proof() {
                // This error proves that its own attempt did nothing. An earlier attempt failed without
                // proof, so the call as a whole is unproved.
                Proof::NotApplied | Proof::StepNotApplied if self.is_unproved => {
                    unknown_effect::mark(Marks::UNKNOWN);
                }
                Proof::NotApplied | Proof::StepNotApplied => {}
                Proof::Unknown => unknown_effect::mark(Marks::UNKNOWN),
                Proof::Unstated | Proof::Unrecognized => {
                    self.is_unproved = true;
                    unknown_effect::mark(Marks::UNPROVED);
                }
            }
        }
        let mut carried = self.inner.take();
        if !carried.is_empty() {
            let error = failure.imprint();
            carried.retain(|inner| inner.is_carried_by(&error));
        }
        let observed = self.count_failure(plan, failure);
        match self.judge(plan, failure, carried.last()) {
            Ok(admitted) => {
                metrics::waits(plan.operation, admitted.wait);
                if observed {
                    event::retrying(self.at(plan), failure.description(), admitted.wait);
                }
                self.retries = self.retries.saturating_add(1);
                Some(admitted)
            }
            Err(end) => {
                self.ended(plan, failure, end, carried);
                None
            }
        }
    }

    /// Counts a failed attempt. Returns whether the failure is also reported as an event.
    fn count_failure(&mut self, plan: &Plan<'_>, failure: &Failure<'_>) -> bool {
        let observed = observed();
        if observed || plan.has_time_budget() {
            self.failed.get_or_insert_with(Moment::now);
        }
        if statistics::on() {
            plan.operation.state().counters.failed(failure.kind());
        }
        let attempt = metrics::Attempt::failed(failure.judgement());
        metrics::attempted(plan.operation, self.number(), attempt);
        if self.retries == 0 && observers::is(observers::BUDGETS) {
            let own = plan.guards.and_then(|guards| guards.budget);
            in_force::deposit_unasked(plan.operation, own);
        }
        self.charge(plan);
        observed
    }

    /// Reports an attempt that failed, but had its effect: the gate's probe found its result, with
    /// which the call succeeds.
    #[cold]
    pub(crate) fn rescued(
        &mut self,
        plan: &Plan<'_>,
        admission: impl Settle,
        failure: &Failure<'_>,
    ) {
        self.deposit(plan.guards);
        admission.failed(plan.guards, failure);
        if self.count_failure(plan, failure) {
            event::failed(self.at(plan), failure.description());
        }
        let outcome = if self.retries == 0 {
            Outcome::SuccessFirst
        } else {
            Outcome::SuccessRetried
        };
        self.count(plan, self.number(), outcome);
    }

    /// Decides on another attempt: returns the wait before it, or the reason for the call's end.
    fn judge(
        &mut self,
        plan: &Plan<'_>,
        failure: &Failure<'_>,
        carried: Option<&GaveUp>,
    ) -> Result<Admitted, End> {
        let policy = plan.policy;
        let verdict = failure.verdict();
        let exactly_once = policy.execution_guarantee() == ExecutionGuarantee::ExactlyOnce;
        let hint = match verdict {
            _ if exactly_once && !failure.is_not_applied() => return Err(End::Unknown),
            Verdict::Stop => return Err(End::NotRetryable),
            Verdict::Retry => None,
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
        let left = plan.limits.and_then(Limits::left).map(growth::nanos);
        let left = left.unwrap_or(u64::MAX);
        let wait = match hint.map(|hint| (hint, growth::nanos(hint))) {
            None if policy.attempts_without_wait() > 0 => 0,
            None => self.draw(policy, 0, left),
            Some((hint, nanos)) if hint > policy.max_retry_after() || nanos >= left => {
                return Err(End::Stopped(Reason::ServerHint));
            }
            Some((_, nanos)) => self.draw(policy, nanos, left),
        };
        if wait >= left {
            return Err(End::Stopped(Reason::TimeLimit));
        }
        self.afford(plan, Duration::from_nanos(wait))
    }

    /// Queries the guards about a retry after `wait`. The budget comes last, so that no token is taken
    /// for a retry that another guard forbids.
    fn afford(&self, plan: &Plan<'_>, wait: Duration) -> Result<Admitted, End> {
        if plan.time_budget_left().is_some_and(|left| wait >= left) {
            return Err(End::Stopped(Reason::TimeBudget));
        }
        if let Some(guards) = plan.guards
            && guards
                .rejects_for(clock::now())
                .is_some_and(|still| still > wait)
        {
            return Err(End::Stopped(Reason::CircuitOpen));
        }
        let own = plan.guards.and_then(|guards| guards.budget);
        let tokens = match in_force::withdraw(plan.operation, own) {
            Withdrawal::Free => None,
            Withdrawal::Paid(tokens) => Some(tokens),
            Withdrawal::Refused => return Err(End::Stopped(Reason::Budget)),
        };
        Ok(Admitted { wait, tokens })
    }

    /// Draws the wait before the next attempt. It is at least `floor`, the wait that a server named (or
    /// zero), plus up to 10 % at random, and less than the time `left` if the floor is.
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

/// The operation of the attempts: its name, and the state that all its calls share.
pub(crate) trait Callee: Measured {
    fn state(&self) -> &'static State;

    /// Makes the operation known to the settings. Only annotated operations have variables.
    fn ask(&self) {}
}

impl Measured for Operation {
    fn operation(&self) -> &Operation {
        self
    }

    #[inline]
    fn metrics(&self) -> &'static OfOperation {
        &self.state().metrics
    }
}

impl Callee for Operation {
    fn state(&self) -> &'static State {
        self.state()
    }
}

/// A retry that will be made.
pub(crate) struct Admitted {
    pub(crate) wait: Duration,
    /// Tokens paid for it.
    pub(crate) tokens: Option<Tokens>,
}

/// Result of the short path; `Consider` leaves the failure to the full path.
enum AtOnce {
    Return,
    Again,
    Consider,
}

/// Whether anything observes outcomes other than a success at the first attempt.
#[inline]
fn observed() -> bool {
    event::on() || observers::any()
}
