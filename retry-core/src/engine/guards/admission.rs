//! [`Admission`]: what an attempt was admitted with, and what its outcome tells them.

use super::in_force::Guards;
use crate::classify::failure::Failure;
use crate::classify::judgement::Answer;
use crate::classify::retry_error::RetryError;
use crate::clock;
use crate::guard::breaker::error::CircuitOpen;
use crate::guard::breaker::permit::Permit;
use crate::operation::Operation;

/// What hears how an attempt ended.
pub trait Settle: Sized {
    /// Whether there is nobody to hear.
    const NOBODY: bool = false;
    /// It succeeded.
    fn succeeded(self, _guards: Option<&Guards<'_>>) {}
    /// It failed.
    fn failed(self, _guards: Option<&Guards<'_>>, _failure: &Failure<'_>) {}
    /// The call's time limit cut it.
    fn cut(self) {}
    /// It is not made after all: what it was admitted with goes back.
    #[must_use]
    fn given_back(self) -> Self;
}

impl<'a> Guards<'a> {
    /// Asks the breaker for an attempt.
    ///
    /// # Errors
    ///
    /// [`RetryError::CircuitOpen`], where it is open.
    #[inline]
    pub(crate) fn admit(&self, operation: &Operation) -> Result<Admission<'a>, RetryError> {
        let Some(breaker) = self.breaker else {
            return Ok(self.pass());
        };
        match breaker.try_acquire() {
            Ok(permit) => Ok(Admission {
                permit: Some(permit),
            }),
            Err(open) => Err(rejected(operation, open)),
        }
    }

    /// Lets an attempt go, where there is no breaker to ask.
    #[inline]
    pub const fn pass(&self) -> Admission<'a> {
        Admission { permit: None }
    }
}

#[cold]
fn rejected(operation: &Operation, open: CircuitOpen) -> RetryError {
    RetryError::CircuitOpen {
        operation: operation.name(),
        circuit: open.name,
        retry_after: open.retry_after,
    }
}

impl Settle for () {
    const NOBODY: bool = true;

    #[inline]
    fn given_back(self) {}
}

/// One attempt's admission. Dropped without a word it leaves nothing behind: the breaker's permit
/// comes back, and nothing closes. It fits in two registers, as every attempt hands it on.
#[must_use = "the breaker waits for a word"]
#[derive(Debug)]
pub struct Admission<'a> {
    pub(super) permit: Option<Permit<'a>>,
}

impl Settle for Admission<'_> {
    #[inline]
    fn succeeded(self, guards: Option<&Guards<'_>>) {
        if let Some(permit) = self.permit {
            permit.succeed();
        }
        if let Some(limiter) = guards.and_then(|guards| guards.limiter) {
            limiter.on_success_at(clock::now());
        }
    }

    fn failed(self, guards: Option<&Guards<'_>>, failure: &Failure<'_>) {
        if let Some(permit) = self.permit {
            match failure.answer() {
                // A final answer is an answer: the other side works.
                Answer::Answered => permit.succeed(),
                Answer::Failing => permit.fail(),
                // An error of this side's own making says nothing of the other one.
                Answer::NotAsked => drop(permit),
            }
        }
        if let Some(limiter) = guards.and_then(|guards| guards.limiter) {
            let now = clock::now();
            if failure.is_throttle() {
                limiter.on_throttle_at(now);
            } else {
                // The SDKs count every answer that is no throttling one as a success.
                limiter.on_success_at(now);
            }
        }
    }

    fn given_back(self) -> Self {
        Self { permit: None }
    }

    fn cut(self) {
        // The other side was too slow, whatever else it does.
        if let Some(permit) = self.permit {
            permit.fail();
        }
    }
}

/// What stands around one attempt, as the engine is told of it: the call's guards, and what hears
/// how the attempt ended.
pub type Around<'a, S> = (Option<&'a Guards<'a>>, S);

/// Nothing.
pub const UNGUARDED: Around<'static, ()> = (None, ());
