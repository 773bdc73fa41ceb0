//! [`Judgement`]: one value for what an error says - whether another attempt is worth it, whether
//! it is proved that nothing happened, whether the other side answered.

use std::time::Duration;

/// Advice on another attempt.
///
/// It says nothing about what the failed attempt did: that is the proof of a [`Judgement`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// Try again: the fault may pass.
    Retry,
    /// Try again, but not sooner than this: the server named the wait.
    ///
    /// The hint is a floor for the next wait and may pass the policy's `max_wait`, up to its
    /// `max_retry_after` (60 s unless set); a longer hint ends the call at once.
    RetryAfter(Duration),
    /// Do not try again: another attempt would fail the same way.
    Stop,
}

/// `true` for [`Verdict::Retry`], `false` for [`Verdict::Stop`].
impl From<bool> for Verdict {
    #[inline]
    fn from(retry: bool) -> Self {
        if retry { Self::Retry } else { Self::Stop }
    }
}

/// Whether the other side answered: the question that a circuit breaker asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Answer {
    /// It answered, and works: a final refusal is an answer too. Closes a half-open circuit.
    Answered,
    /// It did not answer, or its answer says that it is in trouble. Counts towards opening.
    Failing,
    /// It was not asked: the error is of this side's own making (a URL that cannot be built, a full
    /// disk here). A breaker takes no notice.
    NotAsked,
}

/// What an error says of the attempt that it ended.
///
/// Three questions have three answers, and none follows from another:
///
/// - *Is another attempt worth it?* [`verdict`](Self::verdict): advice.
/// - *Is it proved that nothing happened?* [`is_not_applied`](Self::is_not_applied): no, unless
///   [`not_applied`](Self::not_applied) says so. The proof is about the whole body of the function,
///   not about the step that failed. Under the gate (`idempotent = true`) and under
///   [`ExecutionGuarantee::ExactlyOnce`](crate::ExecutionGuarantee::ExactlyOnce) an attempt without
///   that proof may have had its effect.
/// - *Did the other side answer?* [`answer`](Self::answer): what circuit breakers count.
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
/// // A timeout: worth another attempt, and nobody knows what the first one did.
/// let timed_out: Judgement = Verdict::Retry.into();
/// assert!(!timed_out.is_not_applied());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "a judgement changes nothing by itself"]
pub struct Judgement {
    verdict: Verdict,
    proof: Proof,
    /// As stated; else it follows from the verdict.
    answer: Option<Answer>,
    /// As stated; else the text of the error decides, where a limiter asks.
    throttle: Option<bool>,
    kind: Option<&'static str>,
}

/// What is known of the effect of a failed attempt, and from what source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Proof {
    /// It did not happen: stated of the whole body.
    NotApplied,
    /// The step that failed did nothing: a known error of a library, which knows no more than that.
    StepNotApplied,
    /// A known error: it may have happened.
    Unknown,
    /// The error's own type judges, and does not state it.
    Unstated,
    /// Nobody knows the error: its text gave the advice.
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

    /// Another attempt is worth it. What this one did is unknown.
    pub const fn retry() -> Self {
        Self::new(Verdict::Retry)
    }

    /// Another attempt is worth it, but not sooner than this. What this one did is unknown.
    pub const fn retry_after(wait: Duration) -> Self {
        Self::new(Verdict::RetryAfter(wait))
    }

    /// Another attempt would fail the same way. What this one did is unknown.
    pub const fn stop() -> Self {
        Self::new(Verdict::Stop)
    }

    /// It is proved that the attempt had no effect: the whole body of the function, not only the
    /// step that failed.
    pub const fn not_applied(mut self) -> Self {
        self.proof = Proof::NotApplied;
        self
    }

    /// The other side asks for fewer calls: an [`AdaptiveLimiter`](crate::AdaptiveLimiter) slows
    /// down. A judgement by [`retry_after`](Self::retry_after) implies it.
    pub const fn throttle(mut self) -> Self {
        self.throttle = Some(true);
        self
    }

    /// A short name of the kind of failure, for statistics and metrics: lower snake case, from a
    /// small fixed set.
    pub const fn with_kind(mut self, kind: &'static str) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Whether the other side answered, where that does not follow from the verdict.
    pub const fn with_answer(mut self, answer: Answer) -> Self {
        self.answer = Some(answer);
        self
    }

    /// The advice.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Whether it is proved that the attempt had no effect.
    #[must_use]
    pub const fn is_not_applied(&self) -> bool {
        matches!(self.proof, Proof::NotApplied | Proof::StepNotApplied)
    }

    /// Whether the other side asks for fewer calls: as stated by [`throttle`](Self::throttle), else
    /// yes for [`Verdict::RetryAfter`].
    ///
    /// Where neither holds, a limiter also looks at the kind and at the texts of the error and its
    /// sources: 429 as a number of its own, `too many requests`, `rate limit`, `throttl…`, `slow
    /// down` and `resource_exhausted`, in any case and joined in any way (`TooManyRequests`).
    #[must_use]
    pub const fn is_throttle(&self) -> bool {
        match self.throttle {
            Some(throttle) => throttle,
            None => matches!(self.verdict, Verdict::RetryAfter(_)),
        }
    }

    /// The kind of failure; `"error"` where none is given.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.kind {
            Some(kind) => kind,
            None => "error",
        }
    }

    /// Whether the other side answered: as stated, else [`Answer::Answered`] for a
    /// [`Verdict::Stop`] and [`Answer::Failing`] for the rest.
    #[must_use]
    pub const fn answer(&self) -> Answer {
        match (self.answer, self.verdict) {
            (Some(answer), _) => answer,
            // An outcome that a known library leaves open is no answer, final or not.
            (None, Verdict::Stop) if !matches!(self.proof, Proof::Unknown) => Answer::Answered,
            (None, _) => Answer::Failing,
        }
    }

    /// The same with other advice.
    pub(crate) const fn advising(mut self, verdict: Verdict) -> Self {
        self.verdict = verdict;
        self
    }

    /// States what follows from the advice so far, so that other advice leaves it alone. What a text
    /// advises answers no other question.
    pub(crate) fn with_settled_answers(mut self) -> Self {
        if self.proof != Proof::Unrecognized {
            self.answer = Some(self.answer());
        }
        if self.is_throttle() {
            self.throttle = Some(true);
        }
        self
    }

    /// A known error, after which the effect may have happened.
    #[doc(hidden)]
    pub const fn unknown(mut self) -> Self {
        self.proof = Proof::Unknown;
        self
    }

    /// A known error of a library: the step that failed had no effect. It proves that nothing
    /// happened, unless a call inside the same attempt has failed and does not state what it did.
    #[doc(hidden)]
    pub const fn step_not_applied(mut self) -> Self {
        self.proof = Proof::StepNotApplied;
        self
    }

    /// The same as the judgement of a part: what it states of its own body is of one step here.
    pub(crate) const fn of_a_step(mut self) -> Self {
        if matches!(self.proof, Proof::NotApplied) {
            self.proof = Proof::StepNotApplied;
        }
        self
    }

    /// An error that nothing knows: its text advises.
    pub(crate) const fn by_text(verdict: Verdict) -> Self {
        let mut judgement = Self::new(verdict);
        judgement.proof = Proof::Unrecognized;
        judgement
    }

    /// The other side does not ask for fewer calls, whatever the texts of the error say.
    pub const fn without_throttle(mut self) -> Self {
        self.throttle = Some(false);
        self
    }

    pub(crate) const fn proof(&self) -> Proof {
        self.proof
    }

    /// Whether the judgement itself settles [`is_throttle`](Self::is_throttle).
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
