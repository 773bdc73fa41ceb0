//! Errors: which are recorded, what the predicate has to say, and how the gate's own come back.

use std::cell::Cell;
use std::io;

use retry_core::retry_api;
use retry_core::testing::{Script, no_wait};
use retry_core::{Classify, Judgement};
use retry_effects::EffectError;
use retry_tests::sendable;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Store, store};

#[derive(Clone, Debug, Error, PartialEq, Serialize, Deserialize)]
enum PayError {
    #[error("the card is declined")]
    Declined,
    #[error("the bank is busy")]
    Busy,
    #[error("{0}")]
    Gate(String),
}

impl From<EffectError> for PayError {
    fn from(error: EffectError) -> Self {
        Self::Gate(error.to_string())
    }
}

impl Classify for PayError {
    fn classify(&self) -> Judgement {
        match self {
            Self::Busy => Judgement::retry().not_applied(),
            Self::Declined | Self::Gate(_) => Judgement::stop().not_applied(),
        }
    }
}

#[retry_api(idempotent = true, skip(script), store = store, max_attempts = 2)]
async fn released(store: &Store, script: &Script<u32, PayError>) -> Result<u32, PayError> {
    script.next()
}

#[retry_api(idempotent = true, skip(script), store = store, max_attempts = 2, replay_errors = true)]
async fn replayed(store: &Store, script: &Script<u32, PayError>) -> Result<u32, PayError> {
    script.next()
}

#[retry_api(idempotent = true, skip(script), store = store, max_attempts = 2, replay_errors = true)]
fn replayed_sync(store: &Store, script: &Script<u32, PayError>) -> Result<u32, PayError> {
    script.next()
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_free_to_run_again() {
    let store = store();
    let script = Script::new([Err(PayError::Declined), Err(PayError::Declined), Ok(7)]);
    for expected in [
        Err(PayError::Declined),
        Err(PayError::Declined),
        Ok(7),
        Ok(7),
    ] {
        assert_eq!(sendable(released(&store, &script)).await, expected);
    }
    assert_eq!(script.left(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_final_error_is_replayed_where_that_is_asked_for() {
    let store = store();
    // A busy error is not final, also when it uses up the attempts.
    let busy = [Err(PayError::Busy), Err(PayError::Busy)];
    let script = Script::new(busy.into_iter().chain([Err(PayError::Declined)]));
    for expected in [PayError::Busy, PayError::Declined, PayError::Declined] {
        assert_eq!(sendable(replayed(&store, &script)).await, Err(expected));
    }
    assert_eq!(script.left(), 0);
}

#[test]
fn a_final_error_is_replayed_where_that_is_asked_for_sync() {
    let (_no_wait, store) = (no_wait(), store());
    let script = Script::new([Err(PayError::Busy), Err(PayError::Declined)]);
    for _ in 0..3 {
        assert_eq!(replayed_sync(&store, &script), Err(PayError::Declined));
    }
}

/// The predicate turns both verdicts around, and reads an argument that is not `Sync`.
#[retry_api(
    idempotent = true,
    replay_errors = true,
    skip(script, asked),
    store = store,
    max_attempts = 2,
    retry_if = |error| { asked.set(asked.get() + 1); *error == PayError::Declined },
)]
async fn by_predicate(
    store: Store,
    script: &Script<u32, PayError>,
    asked: Cell<u32>,
) -> Result<u32, PayError> {
    let _ = &store;
    script.next()
}

#[tokio::test(start_paused = true)]
async fn the_predicate_says_what_is_final() {
    let script = Script::new([
        Err(PayError::Declined),
        Err(PayError::Declined),
        Err(PayError::Declined),
        Err(PayError::Busy),
    ]);
    let store = store();
    for expected in [PayError::Declined, PayError::Busy, PayError::Busy] {
        let call = by_predicate(store.clone(), &script, Cell::new(0));
        assert_eq!(sendable(call).await, Err(expected));
    }
    assert_eq!(script.left(), 0);
}

#[derive(Clone, Debug, Serialize)]
struct Keys(f64);

#[retry_api(idempotent = true)]
fn without_a_name(rate: Keys) -> Result<(), PayError> {
    unreachable!("{rate:?}")
}

#[test]
fn the_gates_own_errors_come_through_the_functions_type() {
    let refused = without_a_name(Keys(f64::NAN));
    let Err(PayError::Gate(message)) = refused else {
        panic!("{refused:?}");
    };
    assert!(message.contains("have no faithful JSON form"), "{message}");
}

/// An error whose type is the caller's.
#[retry_api(idempotent = true, name = "generic error", skip(script), store = store)]
async fn generic<E>(store: &Store, script: &Script<u32, E>) -> Result<u32, E>
where
    E: Classify + From<EffectError> + Send + Sync,
{
    script.next()
}

#[tokio::test(start_paused = true)]
async fn an_error_that_is_a_parameter() -> io::Result<()> {
    let store = store();
    let script = Script::new([Err(PayError::Busy), Ok(7)]);
    for _ in 0..2 {
        assert_eq!(sendable(generic(&store, &script)).await, Ok(7));
    }
    Ok(())
}
