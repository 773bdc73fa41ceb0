//! A panic states nothing: an action that has begun may have happened.

use super::*;
use retry_effects::{OnDoubt, Probe};
use serde::{Deserialize, Serialize};
use std::panic::{AssertUnwindSafe, catch_unwind};

fn panics<T>(run: impl FnOnce() -> T) {
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err(), "it panics");
}

#[test]
fn in_a_sync_body() {
    for panicking in [1, 2] {
        let (store, effects) = (store(), Effects::default());
        panics(|| {
            charge(&store)
                .retry(thrice())
                .run(|| match effects.happen() {
                    now if now == panicking => panic!("expected"),
                    _ => refused::<()>(),
                })
        });
        assert_eq!(settled(&store), Some(Status::InDoubt));
        assert!(is_in_doubt(charge(&store).run(|| io::Result::Ok(()))));
        assert_eq!(effects.count(), panicking);
    }
}

#[test]
fn in_an_async_body() {
    for panicking in [1, 2] {
        let (store, effects) = (store(), Effects::default());
        panics(|| {
            wait_for(charge(&store).retry(thrice()).run_async(|| async {
                match effects.happen() {
                    now if now == panicking => panic!("expected"),
                    _ => refused::<()>(),
                }
            }))
        });
        assert_eq!(settled(&store), Some(Status::InDoubt));
    }
}

#[test]
fn in_the_closure_that_makes_an_async_body() {
    let (store, effects) = (store(), Effects::default());
    panics(|| {
        wait_for(
            charge(&store).run_async(|| -> std::future::Ready<io::Result<()>> {
                effects.happen();
                panic!("expected")
            }),
        )
    });
    assert_eq!(
        (settled(&store), effects.count()),
        (Some(Status::InDoubt), 1)
    );
}

/// A body with a panic in a destructor, after it has returned.
#[test]
fn in_what_a_body_drops() {
    struct Panics;

    impl Drop for Panics {
        fn drop(&mut self) {
            panic!("expected");
        }
    }

    /// Returns at once, and panics when it is dropped.
    struct Returned(Option<Panics>);

    impl Future for Returned {
        type Output = io::Result<u32>;

        fn poll(self: std::pin::Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
            Poll::Ready(Ok(1))
        }
    }

    impl Drop for Returned {
        fn drop(&mut self) {
            drop(self.0.take());
        }
    }

    let store = store();
    panics(|| wait_for(charge(&store).run_async(|| Returned(Some(Panics)))));
    assert_eq!(settled(&store), Some(Status::InDoubt));
}

/// Between attempts that reported what they did, nothing is in doubt.
#[test]
fn in_a_hook_after_a_known_failure() {
    let store = store();
    let retry = thrice().on_retry(|_: retry_core::RetryEvent<'_, io::Error>| panic!("expected"));
    panics(|| charge(&store).retry(retry).run(refused::<()>));
    assert_eq!(settled(&store), Some(Status::Released));
}

/// A result whose encoder fails, or panics.
#[derive(Debug, Deserialize)]
struct Unwritable {
    panics: bool,
}

impl Serialize for Unwritable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        assert!(!self.panics, "expected");
        Err(serde::ser::Error::custom("no form"))
    }
}

/// Demands that it has happened, and that nothing makes it happen again.
fn is_over(store: &Arc<InMemoryEffectStore>) {
    let record = settled_record(store).expect("a record");
    assert_eq!((record.status, record.applied), (Status::InDoubt, true));
    let (ran, asked) = (Effects::default(), Effects::default());
    let again = charge(store)
        .in_doubt(OnDoubt::Reexecute)
        .run(|| io::Result::Ok(ran.happen()));
    assert!(is_in_doubt(again));
    let asks = charge(store)
        .probe(|| {
            asked.happen();
            Probe::NotApplied
        })
        .run(|| io::Result::Ok(ran.happen()));
    assert!(is_in_doubt(asks));
    assert_eq!((ran.count(), asked.count()), (0, 0));
}

#[test]
fn in_the_encoder() {
    let body = || io::Result::Ok(Unwritable { panics: true });
    for in_doubt in [OnDoubt::Halt, OnDoubt::Reexecute] {
        let store = store();
        panics(|| charge(&store).in_doubt(in_doubt).run(body));
        is_over(&store);

        let store = super::store();
        let call = charge(&store).in_doubt(in_doubt);
        panics(|| wait_for(call.run_async(|| async { body() })));
        is_over(&store);
    }
}

#[test]
fn a_result_that_cannot_be_written_ends_marked_applied() {
    let body = || io::Result::Ok(Unwritable { panics: false });
    let store = store();
    let outcome = charge(&store).in_doubt(OnDoubt::Reexecute).run(body);
    assert!(matches!(word(outcome), EffectError::NotEncoded { .. }));
    is_over(&store);

    let store = super::store();
    let outcome = wait_for(charge(&store).run_async(|| async { body() }));
    assert!(matches!(word(outcome), EffectError::NotEncoded { .. }));
    is_over(&store);
}
