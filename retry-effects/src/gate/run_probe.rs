//! The probe: its start, and the effect of its answer.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use pin_project_lite::pin_project;
use retry_core::__private::{ProbeWait, ProbedOutcome, probe_wait_sync};

use crate::gate::action::{Action, RESCUED, STOPPED, UNKNOWN};
use crate::gate::ambient;
use crate::gate::event::GateEventKind;
use crate::gate::gate::Gate;
use crate::gate::options::Probe;
use crate::gate::report;

impl<T, E> Gate<T, E> {
    /// Probes the callee as a part of this action, once its *no* is final: the probe can read the
    /// action in question. Without time for that, the callee is not queried: [`Probe::Unknown`].
    ///
    /// Generic over the probe's type, so that the compiler reports a wrong type at the answer.
    #[inline]
    pub fn run_probe<U, F: Future<Output = Probe<U>>>(&self, probe: F) -> RunningProbe<'_, F> {
        RunningProbe {
            wait: self.probe_wait(),
            probe,
            action: &self.action,
        }
    }

    /// [`run_probe`](Self::run_probe) for a sync call, whose thread sleeps.
    #[inline]
    pub fn run_probe_sync<U>(&self, probe: impl FnOnce() -> Probe<U>) -> Probe<U> {
        let action = &self.action;
        let held = self.time_until_probe().is_none_or(|left| {
            probe_wait_sync(left, action.limits(), || report::blocking(&action.name))
        });
        if held {
            ambient::with_current_action(&mut Some(action.clone()), probe)
        } else {
            Probe::Unknown
        }
    }

    /// Returns the wait until the callee's *no* is final, if there is one.
    pub(crate) fn probe_wait(&self) -> Option<ProbeWait> {
        let left = self.time_until_probe()?;
        Some(ProbeWait::new(left, self.action.limits()))
    }

    fn time_until_probe(&self) -> Option<Duration> {
        let left = self.action.probe_target.as_ref()?.time_until_probe();
        if left.is_zero() {
            return None;
        }
        report::probe_waits(&self.action.name, self.action.token.id(), left);
        Some(left)
    }

    /// Returns the result of the noted attempt after the callee's answer.
    pub fn apply_probe(&self, outcome: Result<T, E>, answer: Probe<T>) -> ProbedOutcome<T, E> {
        ProbedOutcome::Ended(match (answer, outcome) {
            // Until the result is recorded, the action is as much in doubt as before.
            (Probe::Applied(value), lost) => {
                self.action.set(RESCUED);
                report::action_event(GateEventKind::Rescued, &self.action);
                return ProbedOutcome::Rescued { value, lost };
            }
            // The callee's answer does not cover a part of the body that still runs here.
            (Probe::NotApplied, outcome) if !self.action.has_running_part() => {
                self.action.clear(UNKNOWN);
                outcome
            }
            (Probe::NotApplied | Probe::Unknown, outcome) => {
                self.action.set(STOPPED);
                outcome
            }
        })
    }

    /// Whether a record in doubt was taken over, and the callee must be probed about it first.
    #[must_use]
    pub fn probes_first(&self) -> bool {
        self.probes_first
    }

    /// Applies the callee's answer about an earlier owner's effect; returns the call's outcome, unless
    /// it must run.
    #[must_use]
    pub fn apply_first_probe(&mut self, answer: Probe<T>) -> Option<Result<T, E>> {
        match answer {
            Probe::Applied(result) => {
                report::action_event(GateEventKind::Rescued, &self.action);
                Some(Ok(result))
            }
            Probe::NotApplied => {
                self.probes_first = false;
                self.action.clear(UNKNOWN);
                None
            }
            Probe::Unknown => Some(Err(self.in_doubt_error())),
        }
    }
}

pin_project! {
    /// A probe of the callee, as a part of an action.
    #[must_use = "futures do nothing unless polled"]
    #[derive(Debug)]
    pub struct RunningProbe<'a, F> {
        wait: Option<ProbeWait>,
        #[pin]
        probe: F,
        action: &'a Arc<Action>,
    }
}

impl<T, F: Future<Output = Probe<T>>> Future for RunningProbe<'_, F> {
    type Output = Probe<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Probe<T>> {
        let this = self.project();
        if let Some(wait) = this.wait {
            if !ready!(Pin::new(wait).poll(context)) {
                return Poll::Ready(Probe::Unknown);
            }
            *this.wait = None;
        }
        let action = (*this.action).clone();
        ambient::with_current_action(&mut Some(action), || this.probe.poll(context))
    }
}
