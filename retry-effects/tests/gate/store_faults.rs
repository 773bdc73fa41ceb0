//! A store that fails: before anything ran, after it ran, and with its answer lost.

use super::odd_store::{Fault, Method, OddStore, Pace};
use super::*;

#[test]
fn one_that_is_not_reached_runs_nothing() {
    for method in [Method::Resolve, Method::Pending] {
        let (store, effects) = (OddStore::new(Pace::AtOnce), Effects::default());
        store.fail(method, &[Fault::Before; 9]);
        let outcome = charge(&store).run(|| io::Result::Ok(effects.happen()));
        assert!(
            matches!(word(outcome), EffectError::Store { .. }),
            "{method:?}"
        );
        assert_eq!((effects.count(), status(&*store)), (0, None), "{method:?}");
    }
}

#[test]
fn a_claim_whose_answer_was_lost_is_found_again() {
    let (store, effects) = (OddStore::new(Pace::AtOnce), Effects::default());
    store.fail(Method::Pending, &[Fault::After, Fault::Before]);
    let outcome = charge(&store).run(|| io::Result::Ok(effects.happen()));
    assert_eq!(outcome.expect("it ran"), 1);
    let record = record(&*store).expect("a record");
    assert_eq!((record.status, record.fence.number()), (Status::Success, 1));
}

#[test]
fn a_result_that_cannot_be_recorded_is_unrecorded_and_in_doubt() {
    let clock = retry_effects::ManualClock::new();
    let inner = InMemoryEffectStore::with_clock(clock.clone());
    let store = OddStore::around(inner, Pace::AtOnce);
    store.fail(Method::Complete, &[Fault::Before; 9]);
    let outcome = charge(&store).run(|| io::Result::Ok(1));
    assert!(matches!(word(outcome), EffectError::Unrecorded { .. }));
    clock.advance(retry_effects::store::DEFAULT_LEASE);
    assert_eq!(status(&*store), Some(Status::InDoubt));
    assert!(is_in_doubt(charge(&store).run(|| io::Result::Ok(2))));
}

#[test]
fn a_completion_whose_answer_was_lost_is_accepted_again() {
    let store = OddStore::new(Pace::AtOnce);
    store.fail(Method::Complete, &[Fault::After, Fault::Before]);
    assert_eq!(
        charge(&store).run(|| io::Result::Ok(1)).expect("accepted"),
        1
    );
    assert_eq!(store.count(Method::Complete), 3);
    assert_eq!(status(&*store), Some(Status::Success));
}

#[test]
fn so_is_a_release() {
    let store = OddStore::new(Pace::AtOnce);
    store.fail(Method::Release, &[Fault::Before, Fault::After]);
    let outcome = charge(&store).run(refused::<()>);
    assert_eq!(
        outcome.expect_err("its own").kind(),
        io::ErrorKind::ConnectionRefused
    );
    assert_eq!(status(&*store), Some(Status::Released));
}

#[test]
fn the_callers_own_error_is_not_lost_with_the_store() {
    let store = OddStore::new(Pace::AtOnce);
    store.fail(Method::Release, &[Fault::Before; 9]);
    store.fail(Method::Complete, &[Fault::Before; 9]);
    let known = charge(&store).run(refused::<()>);
    assert_eq!(
        known.expect_err("its own").kind(),
        io::ErrorKind::ConnectionRefused
    );
    let store = OddStore::new(Pace::AtOnce);
    store.fail(Method::Complete, &[Fault::Before; 9]);
    let unknown = charge(&store).run(timed_out::<()>);
    assert_eq!(
        unknown.expect_err("its own").kind(),
        io::ErrorKind::TimedOut
    );
}

#[test]
fn a_full_store_refuses() {
    let store = Arc::new(InMemoryEffectStore::bounded(1));
    let first = Effect::new("first", &1).store(&store);
    assert!(first.run(|| io::Result::Ok(())).is_ok());
    let outcome = charge(&store).run(|| -> io::Result<()> { unreachable!("no claim") });
    let EffectError::Store { source, .. } = word(outcome) else {
        panic!("it is full");
    };
    assert!(matches!(source, retry_effects::StoreError::Full { .. }));
}
