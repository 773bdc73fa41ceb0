//! Execution of an [`Effect`]: the engine's loop, with the gate around it and the gate's decisions in
//! it.

use std::future::Future;
use std::sync::{Mutex, PoisonError};

use retry_core::__private::{
    AsyncLimits, Begin, CallGuards, Failure, Hook, IntoUserError, Judge, Limits, OutcomeOrProbe,
    ProbedOutcome, SyncLimits,
};
use retry_core::Classify;

use super::builder::Effect;
use super::judge::GatedJudge;
use super::probe::{AsyncProbe, SyncProbe};
use crate::attribute::Admitted;
use crate::gate::codec::types::{self, ErrorCodec, HoldsEffectError, Recordable};

impl<J, H, L, P, C, G> Effect<J, H, L, P, C, G> {
    /// Starts the call: its time limit counts from here, including waits for other calls.
    fn started(mut self) -> (Self, Option<Limits>)
    where
        L: Begin,
    {
        let limits = self.retry.__begin();
        match &limits {
            Some(begun) => (self.with_request(|request| request.limits(begun)), limits),
            None => (self, None),
        }
    }

    /// Runs `attempt` unless the effect has happened, and returns its result.
    ///
    /// # Errors
    ///
    /// The last error of `attempt`; or, through `From`, an [`EffectError`](crate::EffectError), which
    /// states whether anything ran.
    pub fn run<T, E>(self, mut attempt: impl FnMut() -> Result<T, E>) -> Result<T, E>
    where
        T: Recordable,
        E: HoldsEffectError + Classify,
        J: Judge<T, E>,
        H: Hook<E>,
        L: SyncLimits,
        G: CallGuards<Rejection: IntoUserError<E>>,
        P: SyncProbe<T>,
        C: ErrorCodec<E>,
    {
        let (this, _) = self.started();
        let Self {
            request,
            retry,
            mut probe,
            codec,
        } = this;
        let mut gate = match request.open_sync(types::results::<Result<T, E>>(), codec.errors()) {
            Admitted::Finished(outcome) => return outcome,
            Admitted::Run(gate) => gate,
        };
        if gate.probes_first()
            && let Some(outcome) = gate.apply_first_probe(gate.run_probe_sync(|| probe.run()))
        {
            return gate.close_sync(outcome, |_| false);
        }
        let (judge, retry) = retry.__judge_apart();
        let judge = GatedJudge::new(&judge, &gate);
        let outcome = retry.__judged_by(judge).__run_checked(
            || gate.attempt_sync(&mut attempt),
            |outcome| {
                if judge.note(&outcome) {
                    gate.apply_probe(outcome, gate.run_probe_sync(|| probe.run()))
                } else {
                    ProbedOutcome::Ended(outcome)
                }
            },
        );
        let is_final = judge.is_final_error(&outcome);
        gate.close_sync(outcome, |_| is_final)
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
        J: Judge<T, E>,
        H: Hook<E>,
        L: AsyncLimits<Cut: IntoUserError<E>>,
        G: CallGuards<Rejection: IntoUserError<E>>,
        P: AsyncProbe<T>,
        C: ErrorCodec<E>,
    {
        let (this, limits) = self.started();
        let Self {
            request,
            retry,
            probe,
            codec,
        } = this;
        // Each attempt calls the closure inside its own future, so that the closure's work counts
        // as the attempt's.
        let attempt = Mutex::new(attempt);
        let mut gate = match request
            .open(types::results::<Result<T, E>>(), codec.errors())
            .await
        {
            Admitted::Finished(outcome) => return outcome,
            Admitted::Run(gate) => gate,
        };
        if gate.probes_first()
            && let Some(outcome) = gate.apply_first_probe(gate.run_probe(probe.run()).await)
        {
            return gate.close(outcome, |_| false).await;
        }
        let (judge, retry) = retry.__judge_apart();
        let judge = GatedJudge::new(&judge, &gate);
        let (lent, probe, attempt) = (&gate, &probe, &attempt);
        let mut outcome = retry
            .__judged_by(judge)
            .__run_async_checked(
                || async move {
                    // A probe that the timeout cut runs again before anything else runs.
                    if lent.note_cut(&Err(lent.in_doubt_error()), |_| Failure::cut()) {
                        let answer = lent.run_probe(probe.run()).await;
                        match lent
                            .apply_probe(Err(lent.in_doubt_error()), answer)
                            .into_outcome()
                        {
                            Err(error) if lent.is_stopped() => return Err(error),
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
                    // If no body has begun, a probe was cut.
                    if lent.has_begun() && judge.note(&outcome) {
                        OutcomeOrProbe::Probe(lent.probe_in_time(limits, probe, outcome))
                    } else {
                        OutcomeOrProbe::Ended(outcome)
                    }
                },
            )
            .await;
        if gate.note_cut(&outcome, |error| judge.shown(error)) {
            let answer = gate.run_probe(probe.run()).await;
            outcome = gate.apply_probe(outcome, answer).into_outcome();
        }
        let is_final = judge.is_final_error(&outcome);
        gate.close(outcome, move |_| is_final).await
    }
}
