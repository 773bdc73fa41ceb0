//! This crate's own [`RetryError`], seen from an outer call.

use std::error::Error;

use crate::classify::classification::Classify;
use crate::classify::judgement::{Answer, Judgement};
use crate::classify::retry_error::RetryError;

impl Classify for RetryError {
    fn classify(&self) -> Judgement {
        match self {
            // The dropped attempt may have done its work.
            Self::AttemptTimeout { .. } => {
                Judgement::retry().unknown().with_kind("attempt_timeout")
            }
            Self::TimeLimit { .. } => Judgement::retry().unknown().with_kind("time_limit"),
            // The call was not made, and the breaker would reject another attempt too.
            Self::CircuitOpen { .. } => Judgement::stop()
                .step_not_applied()
                .with_answer(Answer::NotAsked)
                .with_kind("circuit_open"),
        }
        .without_throttle()
    }

    fn as_error(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}
