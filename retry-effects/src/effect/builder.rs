//! [`Effect`]: the gate for code without an attribute.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use retry_core::choice::{AnyOk, ByClassify, NoGuard, NoHook, NoLimit};
use retry_core::{NO_RETRY, Retry};
use serde::Serialize;

use super::probe::{NoProbe, Probing};
use crate::attribute::Ask;
use crate::gate::codec::types::{ErrorsReleased, ErrorsReplayed};
use crate::gate::options::{OnBusy, OnDoubt};
use crate::stores::default_store::IntoStore;

/// One effect, to happen once: what `idempotent = true` does, for code without an attribute.
///
/// Without a [`retry`](Self::retry) the body runs once a call. An outcome that is unknown is not
/// tried again, unless [`in_doubt`](Self::in_doubt) or a [`probe`](Self::probe) says how it may be.
/// A call that fails with nothing in doubt leaves the action free to run again.
///
/// # Examples
///
/// ```
/// use std::sync::Arc;
/// use retry_core::{ASYNC_JOB_DEFAULT, Retry};
/// use retry_effects::{Effect, InMemoryEffectStore};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let store = Arc::new(InMemoryEffectStore::new());
/// let mut charged = 0;
/// for _ in 0..2 {
///     let receipt: String = Effect::new("charge", &("order", 42))
///         .scope("tenant-7")
///         .store(&store)
///         .retry(Retry::new(ASYNC_JOB_DEFAULT))
///         .run_async(|| {
///             charged += 1;
///             async { Ok::<_, String>("receipt 1".to_owned()) }
///         })
///         .await?;
///     assert_eq!(receipt, "receipt 1");
/// }
/// assert_eq!(charged, 1);
/// # Ok::<(), String>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "an effect happens by `run` or `run_async`"]
pub struct Effect<
    J = ByClassify,
    H = NoHook,
    L = NoLimit,
    P = NoProbe,
    C = ErrorsReleased,
    G = NoGuard,
> {
    pub(super) ask: Ask,
    pub(super) retry: Retry<J, AnyOk, H, L, G>,
    pub(super) probe: P,
    pub(super) codec: C,
}

impl Effect {
    /// The effect of doing `action_type` to `key`.
    ///
    /// Its id is that of [`compute_action_id`](crate::compute_action_id), in the
    /// [scope](Self::scope). Where `key` has no faithful JSON form, `run` says so.
    #[track_caller]
    pub fn new(action_type: &str, key: &(impl Serialize + ?Sized)) -> Self {
        Self {
            ask: Ask::named(Cow::Owned(action_type.to_owned())).key(key),
            retry: Retry::new(NO_RETRY),
            probe: NoProbe,
            codec: ErrorsReleased,
        }
    }
}

impl<J, H, L, P, C, G> Effect<J, H, L, P, C, G> {
    /// For whom; without it, the scope [around here](crate::with_scope), else none.
    pub fn scope(self, scope: &(impl fmt::Display + ?Sized)) -> Self {
        self.asking(|ask| ask.scope(scope))
    }

    /// What else the call is made with. The same key with another fingerprint is
    /// [`EffectError::PayloadMismatch`](crate::EffectError::PayloadMismatch), and nothing runs. Without
    /// it nothing is compared.
    ///
    /// Name what must not differ, and no more: a field that a later release adds to a value in here
    /// makes another fingerprint of the same call. See
    /// [`identity_and_deploys`](crate::identity_and_deploys).
    pub fn fingerprint(self, fingerprint: &(impl Serialize + ?Sized)) -> Self {
        self.asking(|ask| ask.input(fingerprint))
    }

    /// Where it is recorded; without it, in the [default store](crate::set_default_store).
    pub fn store(self, store: impl IntoStore) -> Self {
        self.asking(|ask| ask.store(store))
    }

    /// For how long the claim holds without a renewal: 30 s unless set, at least 3 ms. It is
    /// renewed for as long as the call runs.
    pub fn lease(self, lease: Duration) -> Self {
        self.asking(|ask| ask.lease(lease))
    }

    /// After which time the finished record may go by itself. Without it, it is kept until it is
    /// purged; *never twice* lasts as long as the record.
    pub fn retain(self, retain: Duration) -> Self {
        self.asking(|ask| ask.retain(retain))
    }

    /// What to do with a record in doubt.
    pub fn in_doubt(self, in_doubt: OnDoubt) -> Self {
        self.asking(|ask| ask.in_doubt(in_doubt))
    }

    /// What to do while another call is at it.
    pub fn on_busy(self, on_busy: OnBusy) -> Self {
        self.asking(|ask| ask.on_busy(on_busy))
    }

    pub(super) fn asking(self, change: impl FnOnce(Ask) -> Ask) -> Self {
        Self {
            ask: change(self.ask),
            ..self
        }
    }

    /// Attempts, waits and limits. A `retry_on_ok` has no place here: every `Ok` is the result.
    /// A call that its circuit breaker rejects has had no effect, and leaves the action free.
    pub fn retry<J2, H2, L2, G2>(
        self,
        retry: Retry<J2, AnyOk, H2, L2, G2>,
    ) -> Effect<J2, H2, L2, P, C, G2> {
        let Self {
            ask, probe, codec, ..
        } = self;
        Effect {
            ask,
            retry,
            probe,
            codec,
        }
    }

    /// Records a final error ([`Verdict::Stop`](retry_core::Verdict::Stop)), and returns it to later
    /// calls instead of running again. The error must be `Serialize` and `DeserializeOwned`.
    pub fn replay_errors(self) -> Effect<J, H, L, P, ErrorsReplayed, G> {
        let Self {
            ask, retry, probe, ..
        } = self;
        Effect {
            ask,
            retry,
            probe,
            codec: ErrorsReplayed,
        }
    }
}

impl<J, H, L, P, C, G> Effect<J, H, L, P, C, G> {
    /// Asks the callee what happened where nobody else knows: a closure that gives a
    /// [`Probe`](crate::Probe), or for [`run_async`](Self::run_async) a future of one. It takes the
    /// place of [`in_doubt`](Self::in_doubt).
    ///
    /// A *no* must be final: see [`probe_after`](Effect::probe_after). Inside it
    /// [`current_action`](crate::current_action) tells of the attempt that is asked about.
    pub fn probe<F>(self, probe: F) -> Effect<J, H, L, Probing<F>, C, G> {
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

impl<J, H, L, F, C, G> Effect<J, H, L, Probing<F>, C, G> {
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

impl<J, H, L, P, C, G> fmt::Debug for Effect<J, H, L, P, C, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Effect")
            .field("ask", &self.ask)
            .finish_non_exhaustive()
    }
}
