//! [`Effect`]: the gate for code without an attribute.

mod judge;
mod probe;

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use retry_core::__private::{
    Accept, AsyncLimits, Begin, Checked, Cut, Failure, Guard, Heard, Hook, Judge, Limits,
    SyncLimits,
};
use retry_core::choice::{AnyOk, ByClassify, NoGuard, NoHook, NoLimit};
use retry_core::{Classify, NO_RETRY, Retry, Verdict};
use serde::Serialize;

use crate::codec::{
    self, ErrorCodec, ErrorsReleased, ErrorsReplayed, HoldsEffectError, Recordable,
};
use crate::default_store::IntoStore;
use crate::expansion::{Ask, Opened};
use crate::policy::{InDoubt, OnBusy};

use judge::Gated;
use probe::{AsksAsync, AsksSync};
pub use probe::{NoProbe, Probing};

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
    A = AnyOk,
    H = NoHook,
    L = NoLimit,
    P = NoProbe,
    C = ErrorsReleased,
    G = NoGuard,
> {
    ask: Ask,
    retry: Retry<J, A, H, L, G>,
    probe: P,
    codec: C,
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

impl<J, A, H, L, P, C, G> Effect<J, A, H, L, P, C, G> {
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
    pub fn in_doubt(self, in_doubt: InDoubt) -> Self {
        self.asking(|ask| ask.in_doubt(in_doubt))
    }

    /// What to do while another call is at it.
    pub fn on_busy(self, on_busy: OnBusy) -> Self {
        self.asking(|ask| ask.on_busy(on_busy))
    }

    /// The call has begun: its time limit counts, waiting for others included.
    fn started(mut self) -> (Self, Option<Limits>)
    where
        L: Begin,
    {
        let limits = self.retry.__begin();
        match &limits {
            Some(begun) => (self.asking(|ask| ask.limits(begun)), limits),
            None => (self, None),
        }
    }

    fn asking(self, change: impl FnOnce(Ask) -> Ask) -> Self {
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
    ) -> Effect<J2, AnyOk, H2, L2, P, C, G2> {
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

    /// Records a final error ([`Verdict::Stop`]), and returns it to later calls instead of running
    /// again. The error must be `Serialize` and `DeserializeOwned`.
    pub fn replay_errors(self) -> Effect<J, A, H, L, P, ErrorsReplayed, G> {
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

    /// Runs `attempt` unless the effect has happened, and returns its result.
    ///
    /// # Errors
    ///
    /// The last error of `attempt`; or, through `From`, an
    /// [`EffectError`](crate::EffectError), which says whether anything ran.
    pub fn run<T, E>(self, mut attempt: impl FnMut() -> Result<T, E>) -> Result<T, E>
    where
        T: Recordable,
        E: HoldsEffectError + Classify,
        J: Judge<E>,
        A: Accept<T>,
        H: Hook<E>,
        L: SyncLimits,
        G: Guard<Rejection: Cut<E>>,
        P: AsksSync<T>,
        C: ErrorCodec<E>,
    {
        let (this, _) = self.started();
        let Self {
            ask,
            retry,
            mut probe,
            codec,
        } = this;
        let mut gate = match ask.open_sync(codec::results::<Result<T, E>>(), codec.errors()) {
            Opened::Finished(outcome) => return outcome,
            Opened::Run(gate) => gate,
        };
        if gate.asks_first()
            && let Some(outcome) = gate.hear_first(gate.asking_sync(|| probe.ask()))
        {
            return gate.close_sync(outcome, |_| false);
        }
        let (judge, retry) = retry.__judge_apart();
        let judge = Gated::new(&judge, &gate);
        let outcome = retry.__judged_by(judge).__run_checked(
            || gate.attempt_sync(&mut attempt),
            |outcome| {
                if gate.note(&outcome, |error| judge.own(error)) {
                    gate.hear(outcome, gate.asking_sync(|| probe.ask()))
                } else {
                    Heard::Ended(outcome)
                }
            },
        );
        gate.close_sync(outcome, is_final)
    }

    /// [`run`](Self::run) for an async effect.
    ///
    /// # Errors
    ///
    /// As [`run`](Self::run).
    pub async fn run_async<T, E, F>(self, attempt: impl FnMut() -> F) -> Result<T, E>
    where
        T: Recordable,
        E: HoldsEffectError + Classify,
        F: Future<Output = Result<T, E>>,
        J: Judge<E>,
        A: Accept<T>,
        H: Hook<E>,
        L: AsyncLimits<Cut: Cut<E>>,
        G: Guard<Rejection: Cut<E>>,
        P: AsksAsync<T>,
        C: ErrorCodec<E>,
    {
        let (this, limits) = self.started();
        let Self {
            ask,
            retry,
            probe,
            codec,
        } = this;
        // Each attempt's closure runs as a part of its attempt: what it does is done by then.
        let attempt = Mutex::new(attempt);
        let mut gate = match ask
            .open(codec::results::<Result<T, E>>(), codec.errors())
            .await
        {
            Opened::Finished(outcome) => return outcome,
            Opened::Run(gate) => gate,
        };
        if gate.asks_first()
            && let Some(outcome) = gate.hear_first(gate.asking(probe.ask()).await)
        {
            return gate.close(outcome, |_| false).await;
        }
        let (judge, retry) = retry.__judge_apart();
        let judge = Gated::new(&judge, &gate);
        let (lent, probe, attempt) = (&gate, &probe, &attempt);
        let mut outcome = retry
            .__judged_by(judge)
            .__run_async_checked(
                || async move {
                    // A question that the timeout cut is asked again before anything runs.
                    if lent.note_cut(&Err(lent.in_doubt()), |_| Failure::cut()) {
                        let word = lent.asking(probe.ask()).await;
                        match lent.hear(Err(lent.in_doubt()), word).into_outcome() {
                            Err(error) if lent.is_over() => return Err(error),
                            Err(_) => {}
                            Ok(applied) => return Ok(applied),
                        }
                    }
                    let body = async {
                        let body = attempt.lock().unwrap_or_else(PoisonError::into_inner)();
                        body.await
                    };
                    lent.attempt(body).await
                },
                |outcome, _| {
                    // Where nothing has begun, it was a question that was cut.
                    if lent.has_begun() && lent.note(&outcome, |error| judge.own(error)) {
                        Checked::Asked(lent.ask_in_time(limits, probe, outcome))
                    } else {
                        Checked::Ended(outcome)
                    }
                },
            )
            .await;
        if gate.note_cut(&outcome, |error| judge.own(error)) {
            let word = gate.asking(probe.ask()).await;
            outcome = gate.hear(outcome, word).into_outcome();
        }
        gate.close(outcome, is_final).await
    }
}

impl<J, A, H, L, P, C, G> fmt::Debug for Effect<J, A, H, L, P, C, G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Effect")
            .field("ask", &self.ask)
            .finish_non_exhaustive()
    }
}

fn is_final<E: Classify>(error: &E) -> bool {
    error.classify().verdict() == Verdict::Stop
}
