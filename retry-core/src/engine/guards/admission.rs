//! [`Admission`]: the permit of an attempt, and the report of its outcome to breaker and limiter.

use super::in_force::Guards;
use crate::classify::failure::Failure;
use crate::classify::judgement::{Answer, Judgement};
use crate::classify::retry_error::RetryError;
use crate::clock;
use crate::guard::adaptive::AdaptiveLimiter;
use crate::guard::breaker::error::CircuitOpen;
use crate::guard::breaker::permit::Permit;
use crate::operation::Operation;

/// Receiver of an attempt's outcome.
pub trait OutcomeReceiver: Sized {
    /// Whether the receiver does nothing.
    const IGNORES_ALL: bool = false;
    /// Reports a success.
    fn succeeded(self, _guards: Option<&Guards<'_>>) {}
    /// Reports a failure.
    fn failed(self, guards: Option<&Guards<'_>>, failure: &Failure<'_>) {
        if !Self::IGNORES_ALL {
            self.answered(guards, failure.answer(), failure.is_throttle());
        }
    }
    /// Reports what the other side answered, whether that is a success of the attempt or not.
    fn answered(self, _guards: Option<&Guards<'_>>, _answer: Answer, _is_throttle: bool) {}
    /// Reports that the call's time limit cut the attempt.
    fn cut(self) {}
    /// Gives back the permit of an attempt that is not made after all.
    #[must_use]
    fn given_back(self) -> Self;
}

impl<'a> Guards<'a> {
    /// Admits an attempt where that needs no decision: the breaker is closed, or there is none. The
    /// answer fits in registers, unlike that of `admit`.
    #[inline]
    #[must_use]
    pub fn admit_at_once(&self) -> Option<Admission<'a>> {
        let permit = match self.breaker {
            None => None,
            Some(breaker) => Some(breaker.acquire_at_once()?),
        };
        Some(Admission { permit })
    }

    /// Requests an attempt from the breaker.
    ///
    /// # Errors
    ///
    /// [`RetryError::CircuitOpen`], if it is open.
    #[cold]
    #[inline(never)]
    pub(crate) fn admit(&self, operation: &Operation) -> Result<Admission<'a>, RetryError> {
        let Some(breaker) = self.breaker else {
            return Ok(self.admit_without_breaker());
        };
        match breaker.try_acquire() {
            Ok(permit) => Ok(Admission {
                permit: Some(permit),
            }),
            Err(open) => Err(rejected(operation, open)),
        }
    }

    /// Admits an attempt, where there is no breaker to query.
    #[inline]
    pub const fn admit_without_breaker(&self) -> Admission<'a> {
        Admission { permit: None }
    }
}

fn rejected(operation: &Operation, open: CircuitOpen) -> RetryError {
    RetryError::CircuitOpen {
        operation: operation.name(),
        circuit: open.name,
        retry_after: open.retry_after,
    }
}

impl OutcomeReceiver for () {
    const IGNORES_ALL: bool = true;

    #[inline]
    fn given_back(self) {}
}

/// One attempt's admission. Dropped without a report it changes nothing: the breaker's permit comes
/// back, and nothing closes. It fits in two registers, as every attempt passes it on.
#[must_use = "the breaker waits for the attempt's outcome"]
#[derive(Debug)]
pub struct Admission<'a> {
    pub(super) permit: Option<Permit<'a>>,
}

impl OutcomeReceiver for Admission<'_> {
    #[inline]
    fn succeeded(self, guards: Option<&Guards<'_>>) {
        if let Some(permit) = self.permit {
            permit.succeed();
        }
        if let Some(limiter) = guards.and_then(|guards| guards.limiter) {
            report_success(limiter);
        }
    }

    fn answered(self, guards: Option<&Guards<'_>>, answer: Answer, is_throttle: bool) {
        if let Some(permit) = self.permit {
            match answer {
                // A final answer is an answer: the other side works.
                Answer::Answered => permit.succeed(),
                Answer::Failing => permit.fail(),
                // An error made on this side proves nothing about the other side.
                Answer::NotAsked => drop(permit),
            }
        }
        if let Some(limiter) = guards.and_then(|guards| guards.limiter) {
            let now = clock::now();
            if is_throttle {
                limiter.on_throttle_at(now);
            } else {
                // The SDKs count every answer that is not throttling as a success.
                limiter.on_success_at(now);
            }
        }
    }

    fn given_back(self) -> Self {
        Self { permit: None }
    }

    fn cut(self) {
        // The other side was too slow: that is a failure.
        if let Some(permit) = self.permit {
            permit.fail();
        }
    }
}

/// Out of line: most guarded calls have no limiter.
#[cold]
#[inline(never)]
fn report_success(limiter: &AdaptiveLimiter) {
    limiter.on_success_at(clock::now());
}

/// The surroundings of one attempt, as the engine gets them: the call's guards, and the receiver of the
/// attempt's outcome.
#[derive(Clone, Copy, Debug)]
pub struct AttemptContext<'a, S> {
    /// The call's guards, if it has any.
    pub guards: Option<&'a Guards<'a>>,
    /// The receiver.
    pub admission: S,
}

impl<'a, S: OutcomeReceiver> AttemptContext<'a, S> {
    /// Returns the surroundings of an attempt whose value `judge` has accepted: the guards learn what
    /// it states about the other side.
    #[inline]
    pub fn accepted_as(self, judgement: Judgement) -> AttemptContext<'a, AcceptedAs<S>> {
        let Self { guards, admission } = self;
        let admission = AcceptedAs {
            admission,
            judgement,
        };
        AttemptContext { guards, admission }
    }
}

/// The receiver of a success that `judge` has judged.
#[derive(Clone, Copy, Debug)]
pub struct AcceptedAs<S> {
    admission: S,
    judgement: Judgement,
}

impl<S: OutcomeReceiver> OutcomeReceiver for AcceptedAs<S> {
    const IGNORES_ALL: bool = S::IGNORES_ALL;

    fn succeeded(self, guards: Option<&Guards<'_>>) {
        let (answer, is_throttle) = (self.judgement.answer(), self.judgement.is_throttle());
        self.admission.answered(guards, answer, is_throttle);
    }

    fn given_back(self) -> Self {
        let admission = self.admission.given_back();
        Self { admission, ..self }
    }
}

/// No guards and no receiver.
pub const UNGUARDED: AttemptContext<'static, ()> = AttemptContext {
    guards: None,
    admission: (),
};
