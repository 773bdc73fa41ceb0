//! [`Judgement`]: the meaning of an error as one value: whether another attempt is worth it, whether it
//! is proved that nothing happened, whether the other side answered.

use std::time::Duration;

/// Advice on another attempt.
///
/// It does not state what the failed attempt did: that is the proof of a [`Judgement`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// Retry: the fault may pass.
    Retry,
    /// Retry, but not before this wait: the server named it.
    ///
    /// The hint is a floor for the next wait and may exceed the policy's `max_wait`, up to its
    /// `max_retry_after` (60 s unless set); a longer hint ends the call at once.
    RetryAfter(Duration),
    /// Do not retry: another attempt would fail the same way.
    Stop,
}

/// `true` for [`Verdict::Retry`], `false` for [`Verdict::Stop`].
impl From<bool> for Verdict {
    #[inline]
    fn from(retry: bool) -> Self {
        if retry { Self::Retry } else { Self::Stop }
    }
}

/// Whether the other side answered: the input of a circuit breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Answer {
    /// It answered, and works: a final refusal is an answer too. Closes a half-open circuit.
    Answered,
    /// It did not answer, or its answer states that it is in trouble. Counts towards opening.
    Failing,
    /// It received no request: the fault is on this side (a URL that cannot be built, a full disk here).
    /// A breaker ignores it.
    NotAsked,
}

/// The meaning of an error for the attempt that it ended; by `judge`, also that of an `Ok`.
///
/// It answers three independent questions:
///
/// - *Is another attempt worth it?* [`verdict`](Self::verdict): advice.
/// - *Is it proved that nothing happened?* [`is_not_applied`](Self::is_not_applied): no, unless
///   [`not_applied`](Self::not_applied) states it. The proof is about the whole body of the function,
///   not about the step that failed. Under the gate (`idempotent = true`) and under
///   [`ExecutionGuarantee::ExactlyOnce`](crate::ExecutionGuarantee::ExactlyOnce) an attempt without
///   that proof may have had its effect.
/// - *Did the other side answer?* [`answer`](Self::answer): the input of circuit breakers.
///
/// Of an `Ok`, [`stop`](Self::stop) accepts it: the call ends with that value. [`retry`](Self::retry) and
/// [`retry_after`](Self::retry_after) make another attempt; the last value comes back once there are no
/// more. See [`Retry::judge`](crate::Retry::judge).
///
/// # Examples
///
/// ```
/// use retry_core::{Judgement, Verdict};
///
/// // A refused order: another attempt would be refused too, and nothing was booked.
/// let refused = Judgement::stop().not_applied();
/// assert_eq!(refused.verdict(), Verdict::Stop);
/// assert!(refused.is_not_applied());
///
/// // A timeout: another attempt is worth it, and the effect of the first one is unknown.
/// let timed_out: Judgement = Verdict::Retry.into();
/// assert!(!timed_out.is_not_applied());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "a judgement changes nothing by itself"]
pub struct Judgement {
    verdict: Verdict,
    proof: Proof,
    /// As stated; otherwise derived from the verdict.
    answer: Option<Answer>,
    /// As stated; otherwise a limiter reads the text of the error.
    throttle: Option<bool>,
    kind: Option<&'static str>,
}

/// Knowledge about the effect of a failed attempt, and its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Proof {
    /// The effect did not happen: stated about the whole body.
    NotApplied,
    /// The failed step did nothing: stated by a library's known error, which covers no other step.
    StepNotApplied,
    /// A known error: the effect may have happened.
    Unknown,
    /// The error's own type judges, and states nothing about the effect.
    Unstated,
    /// The error is unknown: its text gave the advice.
    Unrecognized,
}

impl Judgement {
    const fn new(verdict: Verdict) -> Self {
        Self {
            verdict,
            proof: Proof::Unstated,
            answer: None,
            throttle: None,
            kind: None,
        }
    }

    /// Another attempt is worth it. The effect of this one is unknown.
    pub const fn retry() -> Self {
        Self::new(Verdict::Retry)
    }

    /// Another attempt is worth it, but not before this wait. The effect of this one is unknown.
    pub const fn retry_after(wait: Duration) -> Self {
        Self::new(Verdict::RetryAfter(wait))
    }

    /// Another attempt would fail the same way, and the effect of this one is unknown; or, of an `Ok`: it
    /// is the result.
    pub const fn stop() -> Self {
        Self::new(Verdict::Stop)
    }

    /// Adds the proof that the attempt had no effect: the whole body of the function, not only the step
    /// that failed.
    pub const fn not_applied(mut self) -> Self {
        self.proof = Proof::NotApplied;
        self
    }

    /// States that the other side requests fewer calls: an [`AdaptiveLimiter`](crate::AdaptiveLimiter)
    /// slows down. A judgement by [`retry_after`](Self::retry_after) implies it.
    pub const fn throttle(mut self) -> Self {
        self.throttle = Some(true);
        self
    }

    /// Sets a short name of the kind of failure, for statistics and metrics: lower snake case, from a
    /// small fixed set.
    pub const fn with_kind(mut self, kind: &'static str) -> Self {
        self.kind = Some(kind);
        self
    }

    /// States whether the other side answered, if that does not follow from the verdict.
    pub const fn with_answer(mut self, answer: Answer) -> Self {
        self.answer = Some(answer);
        self
    }

    /// Returns the advice.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Whether it is proved that the attempt had no effect.
    #[must_use]
    pub const fn is_not_applied(&self) -> bool {
        matches!(self.proof, Proof::NotApplied | Proof::StepNotApplied)
    }

    /// Whether the other side requests fewer calls: as stated by [`throttle`](Self::throttle), else true
    /// for [`Verdict::RetryAfter`].
    ///
    /// If neither holds, a limiter also reads the kind and the texts of the error and its sources: 429
    /// as a separate number, `too many requests`, `rate limit`, `throttl…`, `slow down` and
    /// `resource_exhausted`, in any case and joined in any way (`TooManyRequests`).
    #[must_use]
    pub const fn is_throttle(&self) -> bool {
        match self.throttle {
            Some(throttle) => throttle,
            None => matches!(self.verdict, Verdict::RetryAfter(_)),
        }
    }

    /// Returns the kind of failure; `"error"` if none is set.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.kind {
            Some(kind) => kind,
            None => "error",
        }
    }

    /// Returns whether the other side answered: as stated, else [`Answer::Answered`] for a
    /// [`Verdict::Stop`] and [`Answer::Failing`] for the rest.
    #[must_use]
    pub const fn answer(&self) -> Answer {
        match (self.answer, self.verdict) {
            (Some(answer), _) => answer,
            // A known error of unknown effect is no answer, even if it is final.
            (None, Verdict::Stop) if !matches!(self.proof, Proof::Unknown) => Answer::Answered,
            (None, _) => Answer::Failing,
        }
    }

    /// Replaces the advice.
    pub(crate) const fn advising(mut self, verdict: Verdict) -> Self {
        self.verdict = verdict;
        self
    }

    /// Fixes the answers that follow from the advice so far, so that new advice does not change
    /// them. The advice of a text implies no other answer, so there is nothing to fix.
    pub(crate) fn with_settled_answers(mut self) -> Self {
        if self.proof != Proof::Unrecognized {
            self.answer = Some(self.answer());
        }
        if self.is_throttle() {
            self.throttle = Some(true);
        }
        self
    }

    /// Marks a known error after which the effect may have happened.
    #[doc(hidden)]
    pub const fn unknown(mut self) -> Self {
        self.proof = Proof::Unknown;
        self
    }

    /// Marks a known error of a library: the step that failed had no effect. This proves that nothing
    /// happened, unless a call inside the same attempt failed without stating its effect.
    #[doc(hidden)]
    pub const fn step_not_applied(mut self) -> Self {
        self.proof = Proof::StepNotApplied;
        self
    }

    /// Returns the judgement of a part: a proof about the part's whole body covers one step here.
    pub(crate) const fn of_a_step(mut self) -> Self {
        if matches!(self.proof, Proof::NotApplied) {
            self.proof = Proof::StepNotApplied;
        }
        self
    }

    /// Makes the judgement of an unknown error: its text advises.
    pub(crate) const fn by_text(verdict: Verdict) -> Self {
        let mut judgement = Self::new(verdict);
        judgement.proof = Proof::Unrecognized;
        judgement
    }

    /// States that the other side does not request fewer calls, whatever the texts of the error
    /// contain.
    pub const fn without_throttle(mut self) -> Self {
        self.throttle = Some(false);
        self
    }

    /// Whether an `Ok` with this judgement is not accepted, so that another attempt is worth it.
    #[doc(hidden)]
    #[must_use]
    #[inline]
    pub const fn refuses_ok(&self) -> bool {
        !matches!(self.verdict, Verdict::Stop)
    }

    pub(crate) const fn proof(&self) -> Proof {
        self.proof
    }

    /// Whether the judgement itself decides [`is_throttle`](Self::is_throttle).
    pub(crate) const fn settles_throttle(&self) -> bool {
        self.throttle.is_some() || matches!(self.verdict, Verdict::RetryAfter(_))
    }
}

/// Advice without proof.
impl From<Verdict> for Judgement {
    #[inline]
    fn from(verdict: Verdict) -> Self {
        Self::new(verdict)
    }
}

/// Advice without proof: `true` is [`Verdict::Retry`], `false` is [`Verdict::Stop`].
impl From<bool> for Judgement {
    #[inline]
    fn from(retry: bool) -> Self {
        Self::new(retry.into())
    }
}

/// The advice alone.
impl From<Judgement> for Verdict {
    #[inline]
    fn from(judgement: Judgement) -> Self {
        judgement.verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_statement_is_proof() {
        for judgement in [
            Judgement::retry(),
            Judgement::stop(),
            Judgement::retry_after(Duration::ZERO),
            true.into(),
            Verdict::Stop.into(),
            Judgement::by_text(Verdict::Stop),
            Judgement::stop().unknown(),
        ] {
            assert!(!judgement.is_not_applied(), "{judgement:?}");
            assert!(judgement.not_applied().is_not_applied());
        }
    }

    #[test]
    fn the_answer_follows_from_the_verdict_unless_stated() {
        assert_eq!(Judgement::stop().answer(), Answer::Answered);
        assert_eq!(Judgement::retry().answer(), Answer::Failing);
        assert_eq!(Judgement::stop().unknown().answer(), Answer::Failing);
        let ours = Judgement::stop().with_answer(Answer::NotAsked);
        assert_eq!(ours.answer(), Answer::NotAsked);
        assert_eq!(Judgement::by_text(Verdict::Stop).answer(), Answer::Answered);
    }

    #[test]
    fn a_named_wait_asks_for_fewer_calls() {
        assert!(Judgement::retry_after(Duration::ZERO).is_throttle());
        assert!(Judgement::retry().throttle().is_throttle());
        assert!(!Judgement::retry().is_throttle());
    }
}
