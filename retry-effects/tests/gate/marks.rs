//! An attempt of unknown effect inside a body, whose error the body swallows: if the body fails,
//! the enclosing action is in doubt too.

use super::*;
use retry_effects::{Probe, in_current_scope};
use std::pin::pin;
use std::time::Duration;

/// Runs `inner` in the body of an action that then fails; returns the status of that action.
fn around(inner: impl Fn(&Arc<InMemoryEffectStore>)) -> Option<Status> {
    let store = store();
    let outcome = charge(&store).run(|| {
        inner(&store);
        refused::<()>()
    });
    assert!(outcome.is_err());
    status(&*store)
}

fn inner(store: &Arc<InMemoryEffectStore>) -> Effect {
    Effect::new("inner", &1).store(store)
}

#[test]
fn a_gated_call_leaves_one() {
    let unknown = |store: &Arc<_>| drop(inner(store).run(timed_out::<()>));
    assert_eq!(around(unknown), Some(Status::InDoubt));
    let known = |store: &Arc<_>| drop(inner(store).run(refused::<()>));
    assert_eq!(around(known), Some(Status::Released));
}

#[test]
fn a_plain_call_leaves_one() {
    let attempts = Effects::default();
    let recovers = |_: &Arc<_>| {
        // Also if a later attempt succeeds.
        let outcome = thrice().run(|| match attempts.happen() {
            1 => timed_out(),
            _ => Ok(()),
        });
        assert!(outcome.is_ok());
    };
    assert_eq!(around(recovers), Some(Status::InDoubt));
    let judged = |_: &Arc<_>| {
        let stops = thrice().retry_if(|_: &io::Error| false);
        drop(stops.run(timed_out::<()>));
    };
    assert_eq!(around(judged), Some(Status::InDoubt));
    let known = |_: &Arc<_>| drop(thrice().run(refused::<()>));
    assert_eq!(around(known), Some(Status::Released));
}

#[test]
fn it_goes_up_through_all_that_enclose_it() {
    let through = |store: &Arc<InMemoryEffectStore>| {
        let middle = inner(store).run(|| {
            let innermost = Effect::new("innermost", &1).store(store);
            drop(innermost.run(timed_out::<()>));
            io::Result::Ok(())
        });
        assert!(middle.is_ok());
    };
    assert_eq!(around(through), Some(Status::InDoubt));
}

#[test]
fn a_panic_that_the_body_catches_leaves_one() {
    let caught = |store: &Arc<InMemoryEffectStore>| {
        let call = || inner(store).run(|| -> io::Result<()> { panic!("expected") });
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).is_err());
    };
    assert_eq!(around(caught), Some(Status::InDoubt));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_the_body_drops_leaves_one() {
    let store = store();
    let outcome = charge(&store)
        .run_async(|| async {
            let call = inner(&store).run_async(std::future::pending::<io::Result<()>>);
            let cut = tokio::time::timeout(Duration::from_secs(1), call).await;
            assert!(cut.is_err());
            refused::<()>()
        })
        .await;
    assert!(outcome.is_err());
    assert_eq!(status(&*store), Some(Status::InDoubt));
}

#[tokio::test(start_paused = true)]
async fn a_timeout_of_a_plain_call_leaves_one() {
    for limited in [false, true] {
        let store = store();
        let second = Duration::from_secs(1);
        let outcome = charge(&store)
            .run_async(|| async move {
                let never = std::future::pending::<io::Result<()>>;
                let cut = if limited {
                    thrice().max_total_time(second).run_async(never).await
                } else {
                    thrice().timeout(second).run_async(never).await
                };
                assert!(cut.is_err());
                refused::<()>()
            })
            .await;
        assert!(outcome.is_err());
        assert_eq!(status(&*store), Some(Status::InDoubt), "{limited}");
    }
}

#[tokio::test]
async fn a_task_that_the_body_spawns_leaves_one() {
    let store = store();
    let outcome = charge(&store)
        .run_async(|| async {
            let call = thrice().run_async(|| async { timed_out::<()>() });
            let task = tokio::spawn(in_current_scope(call));
            assert!(task.await.expect("no panic").is_err());
            refused::<()>()
        })
        .await;
    assert!(outcome.is_err());
    assert_eq!(status(&*store), Some(Status::InDoubt));
}

#[test]
fn a_marked_attempt_is_asked_about() {
    let (store, asked) = (store(), Effects::default());
    let outcome = charge(&store)
        .probe(|| {
            asked.happen();
            Probe::NotApplied
        })
        .run(|| {
            drop(inner(&store).run(timed_out::<()>));
            refused::<()>()
        });
    assert!(outcome.is_err());
    assert_eq!(
        (asked.count(), status(&*store)),
        (1, Some(Status::Released))
    );
}

#[test]
fn what_happens_beside_a_body_is_not_its_doubt() {
    let store = store();
    drop(thrice().run(timed_out::<()>));
    assert!(charge(&store).run(refused::<()>).is_err());
    assert_eq!(status(&*store), Some(Status::Released));
    let outcome = charge(&store).retry(thrice()).run(|| {
        thread::scope(|scope| {
            let other = scope.spawn(|| drop(thrice().run(timed_out::<()>)));
            other.join().expect("no panic");
        });
        refused::<()>()
    });
    assert!(outcome.is_err());
    assert_eq!(status(&*store), Some(Status::Released));
}

#[tokio::test]
async fn a_plain_call_that_is_dropped_or_panics_leaves_one() {
    let store = store();
    let outcome: io::Result<()> = charge(&store)
        .run_async(|| async {
            let never = thrice().run_async(std::future::pending::<io::Result<()>>);
            // Dropped once it has begun: its effect is unknown.
            assert!(futures_are_pending(never));
            refused()
        })
        .await;
    assert!(outcome.is_err());
    assert_eq!(status(&*store), Some(Status::InDoubt));

    let panics = |_: &Arc<_>| {
        let caught =
            std::panic::catch_unwind(|| thrice().run(|| -> io::Result<()> { panic!("expected") }));
        assert!(caught.is_err());
    };
    assert_eq!(around(panics), Some(Status::InDoubt));
}

/// Polls a future once, and drops it.
fn futures_are_pending(future: impl Future) -> bool {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    future.as_mut().poll(&mut context).is_pending()
}
