//! The probe of an [`Effect`]: who is asked, when, and for how long.

use std::fmt;
use std::future::{Future, ready};
use std::time::Duration;

use retry_core::__private::{Heard, Limits};

use super::Effect;
use crate::expansion::{probed, probed_sync};
use crate::gate::Gate;
use crate::policy::Probe;

impl<J, A, H, L, P, C, G> Effect<J, A, H, L, P, C, G> {
    /// Asks the callee what happened where nobody else knows: a closure that gives a
    /// [`Probe`](crate::Probe), or for [`run_async`](Self::run_async) a future of one. It takes the
    /// place of [`in_doubt`](Self::in_doubt).
    ///
    /// A *no* must be final: see [`probe_after`](Effect::probe_after). Inside it
    /// [`current_action`](crate::current_action) tells of the attempt that is asked about.
    pub fn probe<F>(self, probe: F) -> Effect<J, A, H, L, Probing<F>, C, G> {
        let Self {
            ask, retry, codec, ..
        } = self;
        Effect {
            ask: ask.probed(),
            retry,
            probe: Probing(probe),
            codec,
        }
    }
}

impl<J, A, H, L, F, C, G> Effect<J, A, H, L, Probing<F>, C, G> {
    /// From when on the probe's *no* is final: it is asked no sooner than so long after the last attempt
    /// ended that may have had an effect (it failed, or was cut), and of a record in doubt that was taken
    /// over no sooner than so long after its owner left it so, or let its lease run out. Zero unless set.
    ///
    /// The callee may still be at work on what an attempt sent. With a timeout of one second, and a bank
    /// that books three seconds after it was asked, a probe at once finds nothing, each time, and each
    /// attempt is a charge. Take the longest time that the callee may need, and some more.
    ///
    /// The wait keeps to [`max_total_time`](retry_core::Retry::max_total_time), and a cancelled
    /// [`RetryScope`](retry_core::RetryScope) ends it: where there is no time for it the call ends in
    /// doubt, and nothing runs. A record in doubt then stays as it is, so that a call that comes later
    /// has less to wait.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use retry_core::testing::VirtualClock;
    /// use retry_effects::{Effect, InMemoryEffectStore, Probe};
    ///
    /// let clock = VirtualClock::install();
    /// let receipt = Effect::new("charge", &42)
    ///     .store(InMemoryEffectStore::new())
    ///     .probe(|| Probe::Applied(7))
    ///     .probe_after(Duration::from_secs(10))
    ///     .run(|| Err(std::io::Error::from(std::io::ErrorKind::TimedOut)));
    /// assert_eq!(receipt.expect("the bank has it"), 7);
    /// assert_eq!(clock.slept(), [Duration::from_secs(10)]);
    /// ```
    pub fn probe_after(self, wait: Duration) -> Self {
        self.asking(|ask| ask.probe_after(wait))
    }
}

/// There is nobody to ask.
#[derive(Clone, Copy, Debug)]
pub struct NoProbe;

/// A probe: see [`Effect::probe`].
#[derive(Clone, Copy)]
pub struct Probing<F>(F);

impl<F> fmt::Debug for Probing<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Probing")
    }
}

/// Asks a sync probe.
pub trait AsksSync<T> {
    /// What happened.
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

/// Asks an async probe.
pub trait AsksAsync<T> {
    /// What happened: nothing is done before it is polled.
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
    /// What an attempt comes to by the callee's word, which is waited for no longer than for an attempt;
    /// the time until it may be asked does not count.
    pub(super) async fn ask_in_time(
        &self,
        limits: Option<Limits>,
        probe: &impl AsksAsync<T>,
        outcome: Result<T, E>,
    ) -> Heard<T, E> {
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
            // The next attempt asks again, or the end of the call does.
            None => Heard::Ended(outcome),
        }
    }
}
