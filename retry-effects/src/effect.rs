//! [`Effect`]: the gate for code without an attribute.

mod parts;

use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use retry_core::__private::{
    Accept, AsyncLimits, Begin, Cut, Failure, Guard, Hook, Judge, SyncLimits,
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

use parts::{AsksAsync, AsksSync, Gated};
pub use parts::{NoProbe, Probing};

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

    /// What else the call is made with. The same key with another input is
    /// [`EffectError::PayloadMismatch`](crate::EffectError::PayloadMismatch), and nothing runs.
    pub fn input(self, input: &(impl Serialize + ?Sized)) -> Self {
        self.asking(|ask| ask.input(input))
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
    fn started(mut self) -> Self
    where
        L: Begin,
    {
        match self.retry.__begin() {
            Some(limits) => self.asking(|ask| ask.limits(&limits)),
            None => self,
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

    /// Asks the callee what happened where nobody else knows: a closure that gives a
    /// [`Probe`](crate::Probe), or for [`run_async`](Self::run_async) a future of one. It takes the
    /// place of [`in_doubt`](Self::in_doubt).
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
        let Self {
            ask,
            retry,
            mut probe,
            codec,
        } = self.started();
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
        let outcome = retry.__judged_by(judge).run(|| {
            let outcome = gate.attempt_sync(&mut attempt);
            if gate.note(&outcome, |error| judge.own(error)) {
                gate.hear(outcome, gate.asking_sync(|| probe.ask()))
            } else {
                outcome
            }
        });
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
        let Self {
            ask,
            retry,
            probe,
            codec,
        } = self.started();
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
        let mut outcome = retry
            .__judged_by(judge)
            .run_async(|| {
                let (gate, probe, attempt) = (&gate, &probe, &attempt);
                async move {
                    // An attempt that a timeout cut left no word: the callee is asked before the
                    // next one.
                    if gate.note_cut(&Err(gate.in_doubt()), |_| Failure::cut()) {
                        match gate.hear(Err(gate.in_doubt()), gate.asking(probe.ask()).await) {
                            Err(error) if gate.is_over() => return Err(error),
                            Err(_) => {}
                            Ok(applied) => return Ok(applied),
                        }
                    }
                    let body = async {
                        let body = attempt.lock().unwrap_or_else(PoisonError::into_inner)();
                        body.await
                    };
                    let outcome = gate.attempt(body).await;
                    if gate.note(&outcome, |error| judge.own(error)) {
                        gate.hear(outcome, gate.asking(probe.ask()).await)
                    } else {
                        outcome
                    }
                }
            })
            .await;
        if gate.note_cut(&outcome, |error| judge.own(error)) {
            outcome = gate.hear(outcome, gate.asking(probe.ask()).await);
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
