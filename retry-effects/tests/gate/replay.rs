//! An effect that happened once is returned, and does not happen again.

use super::*;

#[test]
fn a_sync_call_replays_also_on_another_thread() {
    let (store, effects) = (store(), Effects::default());
    let call = || charge(&store).run(|| io::Result::Ok(effects.happen()));
    assert_eq!(call().expect("the first"), 1);
    assert_eq!(call().expect("a replay"), 1);
    let other = thread::scope(|scope| scope.spawn(call).join().expect("no panic"));
    assert_eq!(other.expect("a replay"), 1);
    assert_eq!(effects.count(), 1);
}

#[tokio::test]
async fn an_async_call_replays_also_in_another_task_and_for_sync_code() {
    let (store, effects) = (store(), Arc::new(Effects::default()));
    let call = |store: Arc<InMemoryEffectStore>, effects: Arc<Effects>| async move {
        charge(&store)
            .run_async(|| async { io::Result::Ok(effects.happen()) })
            .await
    };
    for _ in 0..2 {
        let outcome = call(store.clone(), effects.clone()).await;
        assert_eq!(outcome.expect("one"), 1);
    }
    let task = tokio::spawn(call(store.clone(), effects.clone()));
    assert_eq!(task.await.expect("no panic").expect("a replay"), 1);
    let sync = charge(&store).run(|| io::Result::Ok(effects.happen()));
    assert_eq!(sync.expect("a replay"), 1);
    assert_eq!(effects.count(), 1);
}

#[test]
fn a_known_error_frees_the_action() {
    let (store, effects) = (store(), Effects::default());
    let call = || {
        charge(&store).run(|| match effects.happen() {
            1 => refused(),
            now => Ok(now),
        })
    };
    assert!(call().is_err());
    assert_eq!(status(&*store), Some(Status::Released));
    assert_eq!(call().expect("it ran again"), 2);
    assert_eq!(call().expect("a replay"), 2);
}

#[test]
fn the_attempts_of_one_call_run_under_one_claim() {
    let (store, effects) = (store(), Effects::default());
    let outcome = charge(&store)
        .retry(thrice())
        .run(|| match effects.happen() {
            3 => Ok(3),
            _ => refused(),
        });
    assert_eq!(outcome.expect("the third"), 3);
    let record = record(&*store).expect("a record");
    assert_eq!((record.status, record.fence.number()), (Status::Success, 1));
}

/// Would not compile if the future could not cross threads.
#[test]
fn the_future_is_send_where_the_body_is() {
    fn is_send<F: Future + Send>(_: &F) {}
    let store = store();
    let body = || async { io::Result::Ok(1) };
    let probe = || async { retry_effects::Probe::<u32>::Unknown };
    is_send(&charge(&store).run_async(body));
    is_send(&charge(&store).probe(probe).run_async(body));
}

#[test]
fn nothing_of_an_ended_call_is_kept() {
    let store = store();
    for _ in 0..3 {
        let outcome = charge(&store).run(|| io::Result::Ok(1));
        assert_eq!(outcome.expect("one"), 1);
    }
    assert!(
        Effect::new("fails", &1)
            .store(&store)
            .run(refused::<()>)
            .is_err()
    );
    assert!(
        Effect::new("is unknown", &1)
            .store(&store)
            .run(timed_out::<()>)
            .is_err()
    );
    assert_eq!(Arc::strong_count(&store), 1);
}
