//! The probe of an [`Effect`](crate::Effect): its forms, its start and its time limit.

use std::fmt;
use std::future::{Future, ready};

use retry_core::__private::{Limits, ProbedOutcome};

use crate::attribute::{catch_panic, catch_panic_sync};
use crate::gate::gate::Gate;
use crate::gate::options::Probe;

/// No probe: the callee cannot be queried.
#[derive(Clone, Copy, Debug)]
pub struct NoProbe;

/// A probe: see [`Effect::probe`](crate::Effect::probe).
#[derive(Clone, Copy)]
pub struct Probing<F>(pub(super) F);

impl<F> fmt::Debug for Probing<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probing")
    }
}

/// Runs a sync probe.
pub trait SyncProbe<T> {
    /// Returns the callee's answer.
    fn run(&mut self) -> Probe<T>;
}

impl<T> SyncProbe<T> for NoProbe {
    fn run(&mut self) -> Probe<T> {
        Probe::Unknown
    }
}

impl<T, F: FnMut() -> Probe<T>> SyncProbe<T> for Probing<F> {
    fn run(&mut self) -> Probe<T> {
        catch_panic_sync(&mut self.0)
    }
}

/// Runs an async probe.
pub trait AsyncProbe<T> {
    /// Returns the callee's answer; does nothing before it is polled.
    fn run(&self) -> impl Future<Output = Probe<T>>;
}

impl<T> AsyncProbe<T> for NoProbe {
    fn run(&self) -> impl Future<Output = Probe<T>> {
        ready(Probe::Unknown)
    }
}

impl<T, F: Fn() -> Q, Q: Future<Output = Probe<T>>> AsyncProbe<T> for Probing<F> {
    fn run(&self) -> impl Future<Output = Probe<T>> {
        catch_panic(async { (self.0)().await })
    }
}

impl<T, E> Gate<T, E> {
    /// Probes, and returns the attempt's outcome after the answer. The probe gets as much time as
    /// an attempt; the wait until it may run does not count.
    pub(super) async fn probe_in_time(
        &self,
        limits: Option<Limits>,
        probe: &impl AsyncProbe<T>,
        outcome: Result<T, E>,
    ) -> ProbedOutcome<T, E> {
        if let Some(wait) = self.probe_wait()
            && !wait.await
        {
            return self.apply_probe(outcome, Probe::Unknown);
        }
        let running = self.run_probe(probe.run());
        let answer = match limits {
            Some(limits) => limits.bound("", 0, running).await.ok(),
            None => Some(running.await),
        };
        match answer {
            Some(answer) => self.apply_probe(outcome, answer),
            // The next attempt probes again, or the end of the call does.
            None => ProbedOutcome::Ended(outcome),
        }
    }
}
