//! [`HedgedRetry`]: a call whose attempts may have copies beside them.

use std::future::Future;
use std::sync::Arc;

use super::builder::Retry;
use super::choices::{AsyncLimits, Hook};
use super::judges::{Judge, SharedJudge};
use crate::engine::deadline::IntoUserError;
use crate::engine::guards::choice::{AdmissionError, ExtendGuards, Guarded};
use crate::engine::hedge::{AttemptFactory, Hedge};

/// A [`Retry`] that hedges; made by [`Retry::hedge`].
///
/// Only an async call can hedge: the thread of a sync one is busy with the first attempt.
#[derive(Clone, Copy, Debug)]
#[must_use = "a call is made by `run_async`"]
pub struct HedgedRetry<'a, J, H, L, R> {
    retry: Retry<J, H, L, Guarded<'a, R>>,
    hedge: Hedge,
}

impl<J, H, L, G> Retry<J, H, L, G> {
    /// Makes another attempt beside one that is slow; the first success counts, the others are
    /// dropped; an `Ok` that is to be retried is none. Only for a body that may run twice at the same time. Each hedge takes a token of
    /// the budget, if there is one; after a refusal the first attempt runs alone. Choose the hedge
    /// last: the only step left is [`HedgedRetry::run_async`].
    pub fn hedge<'a>(self, hedge: Hedge) -> HedgedRetry<'a, J, H, L, G::Rejection>
    where
        G: ExtendGuards<'a>,
    {
        HedgedRetry {
            retry: self.guarded(ExtendGuards::into_guarded),
            hedge,
        }
    }
}

impl<J, H, L, R> HedgedRetry<'_, J, H, L, R> {
    /// [`Retry::run_async`], with copies beside attempts that are slow.
    ///
    /// # Errors
    ///
    /// As [`Retry::run_async`].
    ///
    /// # Panics
    ///
    /// As [`Retry::run_async`]; a hedged call waits in every attempt.
    pub fn run_async<T, E, F>(
        self,
        attempt: impl FnMut() -> F,
    ) -> impl Future<Output = Result<T, E>>
    where
        F: Future<Output = Result<T, E>>,
        J: Judge<T, E>,
        H: Hook<E>,
        L: AsyncLimits<Cut: IntoUserError<E>>,
        R: AdmissionError + IntoUserError<E>,
    {
        let Self { retry, hedge } = self;
        let (guards, operation) = (retry.guards.shared(), retry.options.operation);
        let maker = AttemptFactory::new(attempt);
        let (judge, retry) = retry.__judge_apart();
        let retry = retry.__judged_by(SharedJudge(Arc::new(judge)));
        let is_final = retry.judge.clone();
        // A hedged attempt is an attempt like any other.
        retry.run_async(move || hedge.race(&guards, &operation, maker.clone(), is_final.clone()))
    }
}
