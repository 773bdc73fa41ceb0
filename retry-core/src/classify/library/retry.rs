//! This crate's own [`RetryError`], seen from an outer call.

use std::error::Error;

use crate::classify::classification::Classify;
use crate::classify::judgement::{Answer, Judgement};
use crate::classify::retry_error::RetryError;

/// Written out: the type is this crate's own, so that the list of the public interface shows the impl.
impl Classify for RetryError {
    fn classify(&self) -> Judgement {
        judge(self)
    }

    fn as_error(&self) -> Option<&(dyn Error + 'static)> {
        Some(self)
    }
}

fn judge(error: &RetryError) -> Judgement {
    match error {
        // The dropped attempt may have done its work.
        RetryError::AttemptTimeout { .. } => {
            Judgement::retry().unknown().with_kind("attempt_timeout")
        }
        RetryError::TimeLimit { .. } => Judgement::retry().unknown().with_kind("time_limit"),
        // The call was not made, and the breaker would reject another attempt too.
        RetryError::CircuitOpen { .. } => Judgement::stop()
            .step_not_applied()
            .with_answer(Answer::NotAsked)
            .with_kind("circuit_open"),
    }
    .without_throttle()
}
