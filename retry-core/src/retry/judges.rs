//! The judges of a [`Retry`](crate::retry::builder::Retry): one trait over the whole outcome of an
//! attempt, and a type for each way to judge.

use std::fmt;
use std::sync::Arc;

use crate::classify::classification::Classify;
use crate::classify::failure::{Classifier, Description, Failure};
use crate::classify::judgement::{Judgement, Verdict};
use crate::engine::hedge::IsFinal;

/// Errors are judged by their own [`Classify`], and every `Ok` is accepted.
#[derive(Clone, Copy, Debug)]
pub struct ByClassify;

/// Errors are judged by a predicate.
#[derive(Clone, Copy, Debug)]
pub struct RetryIf<F>(pub(super) F);

/// Errors are judged by `J`, and a predicate states which of them prove that nothing happened.
#[derive(Clone, Copy, Debug)]
pub struct NotAppliedIf<J, F> {
    pub(super) judge: J,
    pub(super) states: F,
}

/// Errors are judged by `J`, and a predicate decides which `Ok` is retried.
#[derive(Clone, Copy, Debug)]
pub struct RetryOnOk<J, F> {
    pub(super) judge: J,
    pub(super) predicate: F,
}

/// Every outcome is judged by a closure.
#[derive(Clone, Copy, Debug)]
pub struct JudgedBy<F>(pub(super) F);

/// A judge of outcomes.
pub trait Judge<T, E> {
    /// Returns the judgement of an outcome as a whole. Without one (`None`) a value is accepted, and
    /// [`failure`](Self::failure) judges an error.
    #[inline]
    fn judge(&self, _outcome: &Result<T, E>) -> Option<Judgement> {
        None
    }

    /// Returns the failure of `error` for the engine.
    fn failure<'a>(&self, error: &'a E) -> Failure<'a>;

    /// Returns the failure of `error`, not judged yet: no predicate is called.
    fn shown<'a>(&self, error: &'a E) -> Failure<'a>;

    /// Returns the failure of an attempt whose value is not accepted.
    #[inline]
    fn unaccepted(&self, judgement: Judgement) -> Failure<'static> {
        Failure::unaccepted(judgement)
    }

    /// Returns the failure of `error` as it was judged with the outcome.
    #[inline]
    fn judged<'a>(&self, error: &'a E, judgement: Judgement, timed_out: bool) -> Failure<'a> {
        self.shown(error).judged_as(judgement, timed_out)
    }

    /// Returns the failure of `error`, as it was judged with the outcome, else by itself.
    #[inline]
    fn failure_as<'a>(
        &self,
        error: &'a E,
        judged: Option<Judgement>,
        timed_out: bool,
    ) -> Failure<'a> {
        match judged {
            Some(judgement) => self.judged(error, judgement, timed_out),
            None => self.failure(error).timed_out(timed_out),
        }
    }

    /// Returns the failure of an attempt with this outcome.
    fn failure_of<'a>(&self, outcome: &'a Result<T, E>, timed_out: bool) -> Failure<'a> {
        let judged = self.judge(outcome);
        match outcome {
            Ok(_) => self.unaccepted(judged.unwrap_or(Judgement::retry())),
            Err(error) => self.failure_as(error, judged, timed_out),
        }
    }

    /// Returns a predicate's advice, which takes precedence over the error's own.
    fn advice(&self, _error: &E) -> Option<Verdict> {
        None
    }

    /// Whether a predicate states that `error` proves that nothing happened.
    fn states_not_applied(&self, _error: &E) -> bool {
        false
    }
}

impl<T, E: Classify> Judge<T, E> for ByClassify {
    #[inline]
    fn failure<'a>(&self, error: &'a E) -> Failure<'a> {
        Failure::classified(error)
    }

    #[inline]
    fn shown<'a>(&self, error: &'a E) -> Failure<'a> {
        Failure::classified(error)
    }
}

impl<T, E: fmt::Display, V: Into<Verdict>, F: Fn(&E) -> V> Judge<T, E> for RetryIf<F> {
    #[inline]
    fn failure<'a>(&self, error: &'a E) -> Failure<'a> {
        by_text(error).with_verdict(self.0(error).into())
    }

    #[inline]
    fn shown<'a>(&self, error: &'a E) -> Failure<'a> {
        by_text(error)
    }

    fn advice(&self, error: &E) -> Option<Verdict> {
        Some(self.0(error).into())
    }
}

/// Returns the failure of an error of which only the text is known.
#[inline]
fn by_text<E: fmt::Display>(error: &E) -> Failure<'_> {
    Failure::new(Classifier::Text(error), Description::Display(error))
}

impl<T, E, J: Judge<T, E>, S: Fn(&E) -> bool> Judge<T, E> for NotAppliedIf<J, S> {
    #[inline]
    fn judge(&self, outcome: &Result<T, E>) -> Option<Judgement> {
        self.judge.judge(outcome)
    }

    #[inline]
    fn failure<'a>(&self, error: &'a E) -> Failure<'a> {
        self.judge
            .failure(error)
            .not_applied_if(|| self.states_not_applied(error))
    }

    #[inline]
    fn shown<'a>(&self, error: &'a E) -> Failure<'a> {
        self.judge.shown(error)
    }

    fn advice(&self, error: &E) -> Option<Verdict> {
        self.judge.advice(error)
    }

    fn states_not_applied(&self, error: &E) -> bool {
        (self.states)(error) || self.judge.states_not_applied(error)
    }
}

impl<T, E, J: Judge<T, E>, F: Fn(&T) -> bool> Judge<T, E> for RetryOnOk<J, F> {
    #[inline]
    fn judge(&self, outcome: &Result<T, E>) -> Option<Judgement> {
        let value = outcome.as_ref().ok()?;
        Some((self.predicate)(value).into())
    }

    #[inline]
    fn failure<'a>(&self, error: &'a E) -> Failure<'a> {
        self.judge.failure(error)
    }

    #[inline]
    fn shown<'a>(&self, error: &'a E) -> Failure<'a> {
        self.judge.shown(error)
    }

    fn advice(&self, error: &E) -> Option<Verdict> {
        self.judge.advice(error)
    }

    fn states_not_applied(&self, error: &E) -> bool {
        self.judge.states_not_applied(error)
    }
}

impl<T, E, V, F> Judge<T, E> for JudgedBy<F>
where
    E: fmt::Display,
    V: Into<Judgement>,
    F: Fn(&Result<T, E>) -> V,
{
    #[inline]
    fn judge(&self, outcome: &Result<T, E>) -> Option<Judgement> {
        Some(self.0(outcome).into())
    }

    #[inline]
    fn failure<'a>(&self, error: &'a E) -> Failure<'a> {
        by_text(error)
    }

    #[inline]
    fn shown<'a>(&self, error: &'a E) -> Failure<'a> {
        by_text(error)
    }
}

/// A judge that the engine and the copies of an attempt share.
pub(super) struct SharedJudge<J>(pub(super) Arc<J>);

impl<J> Clone for SharedJudge<J> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<J> fmt::Debug for SharedJudge<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedJudge")
    }
}

impl<T, E, J: Judge<T, E>> Judge<T, E> for SharedJudge<J> {
    fn judge(&self, outcome: &Result<T, E>) -> Option<Judgement> {
        self.0.judge(outcome)
    }

    fn failure<'a>(&self, error: &'a E) -> Failure<'a> {
        self.0.failure(error)
    }

    fn shown<'a>(&self, error: &'a E) -> Failure<'a> {
        self.0.shown(error)
    }

    fn advice(&self, error: &E) -> Option<Verdict> {
        self.0.advice(error)
    }

    fn states_not_applied(&self, error: &E) -> bool {
        self.0.states_not_applied(error)
    }
}

impl<T, E, J: Judge<T, E>> IsFinal<T, E> for SharedJudge<J> {
    fn is_final(&self, outcome: &Result<T, E>) -> bool {
        match (self.0.judge(outcome), outcome) {
            (Some(judgement), _) => !judgement.refuses_ok(),
            (None, Ok(_)) => true,
            (None, Err(error)) => self.0.failure(error).is_stop(),
        }
    }
}
