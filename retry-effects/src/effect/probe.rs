//! The probe of an [`Effect`](crate::Effect): its forms, its start and its time limit.

use std::fmt;
use std::future::{Future, ready};

use retry_core::__private::{Limits, ProbedOutcome};

use crate::attribute::{probed, probed_sync};
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
pub trait AsksSync<T> {
    /// Returns what happened.
    fn ask(&mut self) -> Probe<T>;
}

impl<T> AsksSync<T> for NoProbe {
    fn ask(&mut self) -> Probe<T> {
        Probe::Unknown
    }
}

impl<T, F: FnMut() -> Probe<T>> AsksSync<T> for Probing<F> {
    fn ask(&mut self) -> Probe<T> {
        probed_sync(&mut self.0)
    }
}

/// Runs an async probe.
pub trait AsksAsync<T> {
    /// Returns what happened; does nothing before it is polled.
    fn ask(&self) -> impl Future<Output = Probe<T>>;
}

impl<T> AsksAsync<T> for NoProbe {
    fn ask(&self) -> impl Future<Output = Probe<T>> {
        ready(Probe::Unknown)
    }
}

impl<T, F: Fn() -> Q, Q: Future<Output = Probe<T>>> AsksAsync<T> for Probing<F> {
    fn ask(&self) -> impl Future<Output = Probe<T>> {
        probed(async { (self.0)().await })
    }
}

impl<T, E> Gate<T, E> {
    /// Returns the result of an attempt after the probe, whose answer is awaited no longer than an
    /// attempt; the time until the probe may run does not count.
    pub(super) async fn ask_in_time(
        &self,
        limits: Option<Limits>,
        probe: &impl AsksAsync<T>,
        outcome: Result<T, E>,
    ) -> ProbedOutcome<T, E> {
        if let Some(hold) = self.hold()
            && !hold.await
        {
            return self.hear(outcome, Probe::Unknown);
        }
        let asking = self.asking(probe.ask());
        let word = match limits {
            Some(limits) => limits.bound("", 0, asking).await.ok(),
            None => Some(asking.await),
        };
        match word {
            Some(word) => self.hear(outcome, word),
            // The next attempt probes again, or the end of the call does.
            None => ProbedOutcome::Ended(outcome),
        }
    }
}
