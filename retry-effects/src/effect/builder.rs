//! [`Effect`]: the gate for code without an attribute.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use retry_core::__private::StatesEffects;
use retry_core::choice::{ByClassify, NoGuard, NoHook, NoLimit};
use retry_core::{NO_RETRY, Retry};
use serde::Serialize;

use super::probe::{NoProbe, Probing};
use crate::attribute::GateRequest;
use crate::gate::codec::types::{ErrorsReleased, ErrorsReplayed};
use crate::gate::options::{OnBusy, OnDoubt};
use crate::stores::default_store::IntoStore;

/// An effect that happens once: `idempotent = true` for code without an attribute.
///
/// Without a [`retry`](Self::retry) the body runs once per call. An unknown outcome is not tried again,
/// unless [`in_doubt`](Self::in_doubt) or a [`probe`](Self::probe) allows it. A call that fails with
/// nothing in doubt leaves the action free to run again.
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
    pub(super) request: GateRequest,
    pub(super) retry: Retry<J, H, L, G>,
    pub(super) probe: P,
    pub(super) codec: C,
}

impl Effect {
    /// Returns the effect of `action_type` on `key`.
    ///
    /// Its id is that of [`compute_action_id`](crate::compute_action_id), in the [scope](Self::scope).
    /// If `key` has no faithful JSON form, `run` returns the error.
    #[track_caller]
    pub fn new(action_type: &str, key: &(impl Serialize + ?Sized)) -> Self {
        Self {
            request: GateRequest::named(Cow::Owned(action_type.to_owned())).key(key),
            retry: Retry::new(NO_RETRY),
            probe: NoProbe,
            codec: ErrorsReleased,
        }
    }
}

impl<J, H, L, P, C, G> Effect<J, H, L, P, C, G> {
    /// Sets the scope; without it, the scope [around this code](crate::with_scope), else none.
    pub fn scope(self, scope: &(impl fmt::Display + ?Sized)) -> Self {
        self.with_request(|request| request.scope(scope))
    }

    /// Sets the call's other values. The same key with another fingerprint is
    /// [`EffectError::PayloadMismatch`](crate::EffectError::PayloadMismatch), and nothing runs. Without
    /// it nothing is compared.
    ///
    /// Include only values that must not differ: a field that a later release adds to a value here
    /// changes the fingerprint of the same call. See
    /// [`identity_and_deploys`](crate::guide::identity_and_deploys).
    pub fn fingerprint(self, fingerprint: &(impl Serialize + ?Sized)) -> Self {
        self.with_request(|request| request.input(fingerprint))
    }

    /// Sets the store; without it, the [default store](crate::set_default_store).
    pub fn store(self, store: impl IntoStore) -> Self {
        self.with_request(|request| request.store(store))
    }

    /// Sets the time for which the claim is valid without a renewal: 30 s unless set, at least 3
    /// ms. It is renewed while the call runs.
    pub fn lease(self, lease: Duration) -> Self {
        self.with_request(|request| request.lease(lease))
    }

    /// Sets the time after which the finished record may be removed. Without it, the record is kept
    /// until a purge; *never twice* lasts as long as the record.
    pub fn retain(self, retain: Duration) -> Self {
        self.with_request(|request| request.retain(retain))
    }

    /// Sets the policy for a record in doubt.
    pub fn in_doubt(self, in_doubt: OnDoubt) -> Self {
        self.with_request(|request| request.in_doubt(in_doubt))
    }

    /// Sets how long the callee deduplicates by the action id, from the first claim on: a day for Stripe.
    /// After that, [`OnDoubt::Reexecute`] halts as [`OnDoubt::Halt`] does, with
    /// [`EffectError::InDoubt`](crate::EffectError::InDoubt): a callee that has forgotten the action would
    /// carry it out again. Without it, an action in doubt may run again at any time.
    ///
    /// It counts in milliseconds. It limits later calls, by the clock of the store, and further attempts of this call after one of
    /// unknown effect. An attempt that begins in time is not cut: leave a margin for the longest one.
    /// It does nothing without [`in_doubt`](Self::in_doubt), or beside a [`probe`](Self::probe).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    /// use std::sync::Arc;
    /// use std::time::Duration;
    /// use retry_effects::{Effect, InMemoryEffectStore, OnDoubt};
    ///
    /// let store = Arc::new(InMemoryEffectStore::new());
    /// let mut sent = 0;
    /// let mut charge = |dedupe_for| {
    ///     Effect::new("charge", &42)
    ///         .store(&store)
    ///         .in_doubt(OnDoubt::Reexecute)
    ///         .dedupe_for(dedupe_for)
    ///         .run(|| {
    ///             sent += 1;
    ///             if sent == 1 { Err(io::Error::from(io::ErrorKind::TimedOut)) } else { Ok(7) }
    ///         })
    /// };
    /// assert!(charge(Duration::from_secs(86_000)).is_err()); // no answer
    /// assert!(charge(Duration::ZERO).is_err()); // too late: nothing is sent
    /// assert_eq!(charge(Duration::from_secs(86_000)).expect("a receipt"), 7);
    /// assert_eq!(sent, 2);
    /// ```
    pub fn dedupe_for(self, time: Duration) -> Self {
        self.with_request(|request| request.dedupe_for(time))
    }

    /// Sets the policy while another call holds the claim.
    pub fn on_busy(self, on_busy: OnBusy) -> Self {
        self.with_request(|request| request.on_busy(on_busy))
    }

    pub(super) fn with_request(self, change: impl FnOnce(GateRequest) -> GateRequest) -> Self {
        Self {
            request: change(self.request),
            ..self
        }
    }

    /// Sets attempts, waits and limits. A call that its circuit breaker rejects has had no effect, and
    /// leaves the action free.
    ///
    /// A `retry_on_ok` is not accepted: every `Ok` is the result. By [`judge`](Retry::judge), an `Ok`
    /// that is to be retried is none: with [`not_applied`](retry_core::Judgement::not_applied) the next
    /// attempt runs, or the action is released and the value comes back; without that proof the action
    /// is in doubt, and the call ends with
    /// [`EffectError::InDoubt`](crate::EffectError::InDoubt).
    pub fn retry<J2: StatesEffects, H2, L2, G2>(
        self,
        retry: Retry<J2, H2, L2, G2>,
    ) -> Effect<J2, H2, L2, P, C, G2> {
        let Self {
            request,
            probe,
            codec,
            ..
        } = self;
        Effect {
            request,
            retry,
            probe,
            codec,
        }
    }

    /// Records a final error ([`Verdict::Stop`](retry_core::Verdict::Stop)), and returns it to later
    /// calls instead of running again. The error must be `Serialize` and `DeserializeOwned`.
    pub fn replay_errors(self) -> Effect<J, H, L, P, ErrorsReplayed, G> {
        let Self {
            request,
            retry,
            probe,
            ..
        } = self;
        Effect {
            request,
            retry,
            probe,
            codec: ErrorsReplayed,
        }
    }
}

impl<J, H, L, P, C, G> Effect<J, H, L, P, C, G> {
    /// Sets a probe, which queries the callee about an unknown outcome: a closure that returns a
    /// [`Probe`](crate::Probe), or for [`run_async`](Self::run_async) a future of one. It replaces
    /// [`in_doubt`](Self::in_doubt).
    ///
    /// A *no* must be final: see [`probe_after`](Effect::probe_after). Inside the closure,
    /// [`current_action`](crate::current_action) describes the attempt in question.
    pub fn probe<F>(self, probe: F) -> Effect<J, H, L, Probing<F>, C, G> {
        let Self {
            request,
            retry,
            codec,
            ..
        } = self;
        Effect {
            request: request.with_probe(),
            retry,
            probe: Probing(probe),
            codec,
        }
    }
}

impl<J, H, L, F, C, G> Effect<J, H, L, Probing<F>, C, G> {
    /// Sets the time from which the probe's *no* is final. The probe runs at the earliest this long
    /// after the end of the last attempt that may have had an effect (it failed, or was cut); for a
    /// record in doubt that was taken over, this long after its owner left it in doubt, or let its
    /// lease run out. Zero unless set.
    ///
    /// The callee may still be processing an attempt's request. With a timeout of one second, and a
    /// bank that books three seconds after the request, an immediate probe finds nothing, each time,
    /// and each attempt is a charge. Set the longest time that the callee may need, plus a margin.
    ///
    /// The wait respects [`max_total_time`](retry_core::Retry::max_total_time), and a cancelled
    /// [`RetryScope`](retry_core::RetryScope) ends it: without enough time the call ends in doubt, and
    /// nothing runs. A record in doubt then stays unchanged, so that a later call has less to wait.
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
        self.with_request(|request| request.probe_after(wait))
    }
}

impl<J, H, L, P, C, G> fmt::Debug for Effect<J, H, L, P, C, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Effect")
            .field("request", &self.request)
            .finish_non_exhaustive()
    }
}
