//! Recorded errors, results that cannot be read, and types that can hold the gate's errors.

use super::*;
use retry_core::{Classify, Judgement};
use retry_effects::EffectStore as _;
use retry_effects::store::{Payload, Settlement};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Refusal {
    NoFunds,
    Overloaded,
    Lost,
    Gate(String),
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl Classify for Refusal {
    fn classify(&self) -> Judgement {
        match self {
            Self::NoFunds | Self::Gate(_) => Judgement::stop().not_applied(),
            Self::Overloaded => Judgement::retry().not_applied(),
            Self::Lost => Judgement::retry(),
        }
    }
}

impl From<EffectError> for Refusal {
    fn from(error: EffectError) -> Self {
        Self::Gate(error.to_string())
    }
}

#[test]
fn a_final_error_is_replayed_where_that_is_wanted() {
    let (store, effects) = (store(), Effects::default());
    let call = || {
        charge(&store).retry(thrice()).replay_errors().run(|| {
            effects.happen();
            Err::<(), _>(Refusal::NoFunds)
        })
    };
    assert_eq!(call(), Err(Refusal::NoFunds));
    assert_eq!(status(&*store), Some(Status::Failed));
    assert_eq!(call(), Err(Refusal::NoFunds));
    assert_eq!(effects.count(), 1);
    // A caller that does not replay errors runs nothing either.
    let other = charge(&store).run(|| {
        effects.happen();
        io::Result::Ok(())
    });
    assert!(matches!(word(other), EffectError::NotDecoded { .. }));
    assert_eq!(effects.count(), 1);
}

#[test]
fn others_are_not() {
    for (error, attempts, left) in [
        (|| Refusal::Overloaded, 3, Status::Released),
        (|| Refusal::Lost, 1, Status::InDoubt),
    ] as [(fn() -> Refusal, u32, Status); 2]
    {
        let (store, effects) = (store(), Effects::default());
        let outcome = charge(&store).retry(thrice()).replay_errors().run(|| {
            effects.happen();
            Err::<(), _>(error())
        });
        assert_eq!(outcome, Err(error()));
        assert_eq!((effects.count(), status(&*store)), (attempts, Some(left)));
    }
    let store = store();
    let outcome = charge(&store).run(|| Err::<(), _>(Refusal::NoFunds));
    assert_eq!(outcome, Err(Refusal::NoFunds));
    assert_eq!(status(&*store), Some(Status::Released));
}

#[test]
fn a_result_that_does_not_read_is_no_reason_to_run_again() {
    let store = store();
    let first = charge(&store).run(|| io::Result::Ok("text".to_owned()));
    assert_eq!(first.expect("it ran"), "text");
    let outcome = charge(&store).run(|| -> io::Result<u32> { unreachable!("it has run") });
    let EffectError::NotDecoded { format, source, .. } = word(outcome) else {
        panic!("a number is no text");
    };
    assert_eq!(format, retry_effects::store::FORMAT);
    assert!(source.is_some());
}

#[test]
fn nor_is_one_of_a_newer_form() {
    let store = store();
    assert!(charge(&store).run(timed_out::<u32>).is_err());
    let fence = record(&*store).expect("a record").fence;
    let newer = Payload::with_format(retry_effects::store::NEWEST_FORMAT + 1, "7");
    wait_for(store.settle(id(), fence, Settlement::Success(newer))).expect("settled");
    let outcome = charge(&store).run(|| -> io::Result<u32> { unreachable!("it has run") });
    assert!(matches!(
        word(outcome),
        EffectError::NotDecoded { source: None, .. }
    ));
}

#[test]
fn the_usual_error_types_hold_what_the_gate_says() {
    type Boxed = Box<dyn std::error::Error + Send + Sync>;
    let store = store();
    assert!(charge(&store).run(timed_out::<()>).is_err());
    let text = charge(&store).run(|| Ok::<(), String>(()));
    assert!(text.expect_err("doubt").starts_with("charge is in doubt"));
    let boxed = charge(&store).run(|| Ok::<(), Boxed>(()));
    assert!(boxed.expect_err("doubt").is::<EffectError>());
    assert!(is_in_doubt(charge(&store).run(|| io::Result::Ok(()))));
}
