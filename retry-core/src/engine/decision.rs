//! The decision after each attempt: the one engine of attribute, function and builder, sync and async
//! alike. *Attempt → classify → wait → event*. The wait is drawn here; `sleep` and `pause` sleep it.

use std::time::Duration;

use super::call_state::CallState;
use super::deadline::{IntoUserError, Limits};
use super::guards::admission::{AttemptContext, OutcomeReceiver};
use super::guards::in_force;
use super::guards::in_force::{Guards, Withdrawal};
use super::operation_state::OperationState;
use super::plan::Plan;
use super::unknown_effect;
use super::unknown_effect::Marks;
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
use crate::report::event::StopReason;
use crate::report::metrics;
use crate::report::metrics::{AttemptResult, Measured, OperationMetrics};
use crate::report::retry_event::RetryEvent;
use crate::settings::observers;

use super::ending::EndReason;
use super::step::AttemptEnd;
use super::step::PlannedWait;
use crate::report::call_outcome::CallOutcome;

impl CallState {
    /// Ends a call whose attempt succeeded. `plan` runs only if the success is reported.
    #[inline]
    pub(crate) fn succeeded<'p, S: OutcomeReceiver>(
        &mut self,
        callee: &impl CalledOperation,
        context: AttemptContext<'p, S>,
        plan: impl FnOnce() -> Plan<'p>,
    ) {
        let AttemptContext { guards, admission } = context;
        let guards = if S::IGNORES_ALL { None } else { guards };
        self.deposit(guards);
        admission.succeeded(guards);
        if self.retries == 0 {
            match observers::of_successes() {
                0 => {}
                observers::STATS => Self::count_first_success_in_statistics(callee),
                observers => self.report_first_success(observers, callee, guards),
            }
        } else if observed() || scope::is_entered() || guards.is_some() {
            self.report_retried_success(&plan());
        }
    }

    /// Decides what follows a failed attempt: a wait and the next attempt, or `None` if the call ends.
    pub(crate) fn decide<'p, E>(
        &mut self,
        context: AttemptContext<'p, impl OutcomeReceiver>,
        plan: Plan<'p>,
        failure: &Failure<'_>,
        error: Option<&E>,
        hook: impl FnOnce(RetryEvent<'_, E>),
    ) -> Option<PlannedWait<'p>> {
        self.deposit(context.guards);
        context.admission.failed(context.guards, failure);
        let AdmittedRetry { wait, tokens } = self.handle_failure(&plan, failure)?;
        hook(RetryEvent {
            operation: plan.operation,
            attempt: self.retries,
            policy: plan.policy,
            error,
            wait,
        });
        Some(PlannedWait { wait, tokens, plan })
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

    /// Ends a call whose attempt the breaker rejected.
    pub(crate) fn rejected<'p, E, R: IntoUserError<E>>(
        &self,
        rejection: R,
        plan: impl FnOnce() -> Plan<'p>,
    ) -> E {
        if let Some(error) = rejection.ends_the_call() {
            self.report_rejection(&plan(), error);
        }
        rejection.into_error()
    }

    /// Returns the end of a bounded attempt: by itself, or cut by a limit.
    #[inline]
    pub(crate) fn attempt_end<'p, T, E, L: IntoUserError<E>>(
        &self,
        bounded: Result<Result<T, E>, L>,
        plan: impl FnOnce() -> Plan<'p>,
    ) -> AttemptEnd<T, E> {
        let cut = match bounded {
            Ok(ended) => return AttemptEnd::Ended(ended),
            Err(cut) => cut,
        };
        if let Some(over) = cut.ends_the_call() {
            if unknown_effect::is_watched() {
                unknown_effect::mark(Marks::UNKNOWN);
            }
            self.report_time_limit(&plan(), over);
            return AttemptEnd::RanOut(Err(cut.into_error()));
        }
        AttemptEnd::TimedOut(Err(cut.into_error()))
    }

    /// Reports a success of the first attempt to the observers.
    #[cold]
    #[inline(never)]
    fn report_first_success(
        &self,
        observers: u8,
        callee: &impl CalledOperation,
        guards: Option<&Guards<'_>>,
    ) {
        if observers & observers::BUDGETS != 0 {
            let own = guards.and_then(|guards| guards.budget);
            in_force::deposit_implicit(callee.operation(), own);
        }
        if observers & observers::UNUSED_VARIABLES != 0 {
            callee.register();
        }
        self.count_first_success(observers & observers::STATS != 0, callee, guards);
    }

    /// Reports a success of a retry.
    #[cold]
    fn report_retried_success(&mut self, plan: &Plan<'_>) {
        self.charge_time_budgets(plan);
        event::succeeded(self.context(plan));
        self.count_attempt(plan.operation, AttemptResult::Success, || None);
        self.count_call(plan, self.number(), CallOutcome::SuccessRetried);
    }

    /// Reports a failed attempt, and returns the wait before the next attempt, if there is to be one.
    #[cold]
    pub(crate) fn handle_failure(
        &mut self,
        plan: &Plan<'_>,
        failure: &Failure<'_>,
    ) -> Option<AdmittedRetry> {
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
        let mut carried = self.inner_failures.take();
        if !carried.is_empty() {
            let error = failure.imprint();
            carried.retain(|inner| inner.is_carried_by(&error));
        }
        let observed = self.count_failure(plan, failure);
        match self.decide_retry(plan, failure, carried.last()) {
            Ok(admitted) => {
                metrics::waits(plan.operation, admitted.wait);
                if observed {
                    event::retrying(self.context(plan), failure.description(), admitted.wait);
                }
                self.retries = self.retries.saturating_add(1);
                Some(admitted)
            }
            Err(end) => {
                self.report_end(plan, failure, end, carried);
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
        let result = AttemptResult::failed(failure.judgement());
        self.count_attempt(plan.operation, result, || Some(failure.kind()));
        if self.retries == 0 && observers::is(observers::BUDGETS) {
            let own = plan.guards.and_then(|guards| guards.budget);
            in_force::deposit_implicit(plan.operation, own);
        }
        self.charge_time_budgets(plan);
        observed
    }

    /// Reports an attempt that failed, but had its effect: the gate's probe found its result, with
    /// which the call succeeds.
    #[cold]
    pub(crate) fn report_rescued(
        &mut self,
        plan: &Plan<'_>,
        admission: impl OutcomeReceiver,
        failure: &Failure<'_>,
    ) {
        self.deposit(plan.guards);
        admission.failed(plan.guards, failure);
        if self.count_failure(plan, failure) {
            event::recovered_by_probe(self.context(plan), failure.description());
        }
        let outcome = if self.retries == 0 {
            CallOutcome::SuccessFirst
        } else {
            CallOutcome::SuccessRetried
        };
        self.count_call(plan, self.number(), outcome);
    }

    /// Decides on another attempt: returns the wait before it, or the reason for the call's end.
    fn decide_retry(
        &mut self,
        plan: &Plan<'_>,
        failure: &Failure<'_>,
        carried: Option<&GaveUp>,
    ) -> Result<AdmittedRetry, EndReason> {
        let policy = plan.policy;
        let verdict = failure.verdict();
        let exactly_once = policy.execution_guarantee() == ExecutionGuarantee::ExactlyOnce;
        let hint = match verdict {
            _ if exactly_once && !failure.is_not_applied() => return Err(EndReason::Unknown),
            Verdict::Stop => return Err(EndReason::NotRetryable),
            Verdict::Retry => None,
            Verdict::RetryAfter(hint) => Some(hint),
        };
        if policy.is_last(self.number()) {
            return Err(EndReason::Exhausted);
        }
        if let Some(inner) = carried.filter(|_| plan.heeds_inner_calls()) {
            return Err(EndReason::Stopped(StopReason::Nested(inner.operation)));
        }
        if scope::is_cancelled() {
            return Err(EndReason::Stopped(StopReason::Cancelled));
        }
        let left = plan.limits.and_then(Limits::left).map(growth::nanos);
        let left = left.unwrap_or(u64::MAX);
        let first = match policy.throttled_min_wait() {
            Some(throttled) if failure.is_throttle() => throttled,
            _ => policy.min_wait(),
        };
        let wait = match hint.map(|hint| (hint, growth::nanos(hint))) {
            None if policy.never_waits() => 0,
            None => self.draw_wait(policy, first, 0, left),
            Some((hint, nanos)) if hint > policy.max_retry_after() || nanos >= left => {
                return Err(EndReason::Stopped(StopReason::ServerHint));
            }
            Some((_, nanos)) => self.draw_wait(policy, first, nanos, left),
        };
        if wait >= left {
            return Err(EndReason::Stopped(StopReason::TimeLimit));
        }
        self.admit_retry(plan, Duration::from_nanos(wait))
    }

    /// Queries the guards about a retry after `wait`. The budget comes last, so that no token is taken
    /// for a retry that another guard forbids.
    fn admit_retry(&self, plan: &Plan<'_>, wait: Duration) -> Result<AdmittedRetry, EndReason> {
        if plan.time_budget_left().is_some_and(|left| wait >= left) {
            return Err(EndReason::Stopped(StopReason::TimeBudget));
        }
        if let Some(guards) = plan.guards
            && guards
                .rejects_for(clock::now())
                .is_some_and(|still| still > wait)
        {
            return Err(EndReason::Stopped(StopReason::CircuitOpen));
        }
        let own = plan.guards.and_then(|guards| guards.budget);
        let tokens = match in_force::withdraw(plan.operation, own) {
            Withdrawal::Free => None,
            Withdrawal::Paid(tokens) => Some(tokens),
            Withdrawal::Refused => return Err(EndReason::Stopped(StopReason::Budget)),
        };
        Ok(AdmittedRetry { wait, tokens })
    }

    /// Draws the wait before the next attempt, whose first step is `first`. It is at least `floor`, the wait
    /// that a server named (or zero), plus up to 10 % at random, and less than the time `left` if the floor
    /// is.
    fn draw_wait(&mut self, policy: &RetryPolicy, first: Duration, floor: u64, left: u64) -> u64 {
        let previous = u64::from(self.previous[0]) << 32 | u64::from(self.previous[1]);
        let (drawn, floor) = random::with_thread(|random: &mut Random| {
            let drawn = backoff::draw(policy, first, self.retries, previous, random);
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
pub(crate) trait CalledOperation: Measured {
    fn state(&self) -> &'static OperationState;

    /// Makes the operation known to the settings. Only annotated operations have variables.
    fn register(&self) {}
}

impl Measured for Operation {
    fn operation(&self) -> &Operation {
        self
    }

    #[inline]
    fn metrics(&self) -> &'static OperationMetrics {
        &self.state().metrics
    }
}

impl CalledOperation for Operation {
    fn state(&self) -> &'static OperationState {
        self.state()
    }
}

/// A retry that will be made.
pub(crate) struct AdmittedRetry {
    pub(crate) wait: Duration,
    /// Tokens paid for it.
    pub(crate) tokens: Option<Tokens>,
}

/// Whether anything observes outcomes other than a success at the first attempt.
#[inline]
fn observed() -> bool {
    event::is_enabled() || observers::any()
}
