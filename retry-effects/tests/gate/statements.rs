//! What counts as a proof that nothing happened, and what does not.

mod acted;
mod calls;
mod errors;
mod tasks;

use super::*;
use retry_core::testing::Recorder;
use retry_core::{CircuitBreaker, Classify, Judgement, recognize};
use retry_effects::store::ClaimRequest;
use retry_effects::{OnBusy, OnDoubt, acted, in_current_scope, in_current_scope_blocking};
use std::error::Error;

/// A user's error that states what it knows.
#[derive(Debug)]
enum Own {
    Declined,
    Lost,
    Gate(EffectError),
}

impl std::fmt::Display for Own {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Declined => f.write_str("declined"),
            Self::Lost => f.write_str("lost"),
            Self::Gate(error) => write!(f, "{error}"),
        }
    }
}

impl Error for Own {}

impl Classify for Own {
    fn classify(&self) -> Judgement {
        match self {
            Self::Declined => Judgement::stop().not_applied(),
            Self::Lost => Judgement::retry(),
            Self::Gate(error) => error.classify(),
        }
    }
}

impl From<EffectError> for Own {
    fn from(error: EffectError) -> Self {
        Self::Gate(error)
    }
}

/// Returns the status after one run of `body`, and how often it ran in three attempts.
fn left_by<E>(mut body: impl FnMut(&Arc<InMemoryEffectStore>) -> E) -> (Option<Status>, u32)
where
    E: Classify + From<EffectError>,
{
    let (store, effects) = (store(), Effects::default());
    let outcome = charge(&store).retry(thrice()).run(|| {
        effects.happen();
        Err::<(), E>(body(&store))
    });
    assert!(outcome.is_err());
    (status(&*store), effects.count())
}

const FREE_AT_ONCE: (Option<Status>, u32) = (Some(Status::Released), 1);
const FREE_AFTER_ALL: (Option<Status>, u32) = (Some(Status::Released), 3);
const IN_DOUBT: (Option<Status>, u32) = (Some(Status::InDoubt), 1);

/// A plain call inside the body that fails, and states nothing about its effect.
fn reads() {
    let read = thrice().run(|| Err::<(), _>("no such row"));
    assert!(read.is_err());
}
