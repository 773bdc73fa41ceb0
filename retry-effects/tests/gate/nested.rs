//! A call inside its own action: in progress at once, since it would wait for itself.

use super::*;
use retry_effects::in_current_scope;

fn is_in_progress(outcome: io::Result<u32>) -> bool {
    matches!(word(outcome), EffectError::InProgress { .. })
}

#[test]
fn a_sync_call() {
    let store = store();
    let outcome = charge(&store).run(|| {
        assert!(is_in_progress(charge(&store).run(|| io::Result::Ok(2))));
        // Another action is not affected, but this one inside of it is.
        Effect::new("other", &1).store(&store).run(|| {
            assert!(is_in_progress(charge(&store).run(|| io::Result::Ok(2))));
            io::Result::Ok(3)
        })
    });
    assert_eq!(outcome.expect("the outer one"), 3);
}

#[tokio::test]
async fn an_async_call_also_from_a_task_that_it_spawned() {
    let store = store();
    let outcome = charge(&store)
        .run_async(|| async {
            let call = |store: Arc<InMemoryEffectStore>| async move {
                charge(&store)
                    .run_async(|| async { io::Result::Ok(2) })
                    .await
            };
            assert!(is_in_progress(call(store.clone()).await));
            let spawned = tokio::spawn(in_current_scope(call(store.clone())));
            assert!(is_in_progress(spawned.await.expect("no panic")));
            io::Result::Ok(1)
        })
        .await;
    assert_eq!(outcome.expect("the outer one"), 1);
}

#[test]
fn a_clone_of_the_store_is_the_same_store() {
    let store = InMemoryEffectStore::new();
    let call = || Effect::new("charge", &42).store(store.clone());
    let outcome = call().run(|| {
        assert!(is_in_progress(call().run(|| io::Result::Ok(2))));
        io::Result::Ok(1)
    });
    assert_eq!(outcome.expect("the outer one"), 1);
}

#[test]
fn the_same_action_in_another_store_is_another() {
    let (store, other) = (store(), store());
    let outcome = charge(&store).run(|| charge(&other).run(|| io::Result::Ok(2)));
    assert_eq!(outcome.expect("both ran"), 2);
    assert_eq!(status(&*other), Some(Status::Success));
}

/// Each attempt would be refused, after a wait for its own lease.
#[test]
fn who_fails_of_calling_itself_is_not_tried_again() {
    let (store, effects) = (store(), Effects::default());
    let outcome = charge(&store).retry(thrice()).run(|| {
        effects.happen();
        charge(&store).run(|| io::Result::Ok(2))
    });
    assert!(is_in_progress(outcome));
    assert_eq!(
        (effects.count(), status(&*store)),
        (1, Some(Status::Released))
    );
}
