//! Many calls of one action: one runs, the others get its result.

use super::odd_store::{Method, OddStore, Pace};
use super::*;
use retry_effects::OnBusy;
use retry_effects::store::{Claim, ClaimRequest};
use std::time::Duration;

const CALLS: usize = 32;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_tasks_one_runs() {
    let (store, effects) = (OddStore::new(Pace::AtOnce), Arc::new(Effects::default()));
    let tasks: Vec<_> = (0..CALLS)
        .map(|_| {
            let (store, effects) = (store.clone(), effects.clone());
            tokio::spawn(async move {
                let outcome = charge(&store)
                    .run_async(|| async {
                        // Until all other calls wait.
                        let watched = store.clone();
                        tokio::task::spawn_blocking(move || {
                            watched.wait_for(Method::Changed, CALLS - 1);
                        })
                        .await
                        .expect("no panic");
                        io::Result::Ok(effects.happen())
                    })
                    .await;
                // No caller is woken before the record is written.
                (outcome.expect("the one result"), status(&*store))
            })
        })
        .collect();
    for task in tasks {
        let ended = task.await.expect("no panic");
        assert_eq!(ended, (1, Some(Status::Success)));
    }
    assert_eq!(effects.count(), 1);
}

#[test]
fn of_many_threads_one_runs() {
    let (store, effects) = (OddStore::new(Pace::AtOnce), Effects::default());
    let call = || {
        let outcome = charge(&store).run(|| {
            store.wait_for(Method::Changed, CALLS - 1);
            io::Result::Ok(effects.happen())
        });
        (outcome.expect("the one result"), status(&*store))
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..CALLS).map(|_| scope.spawn(call)).collect();
        for thread in threads {
            let ended = thread.join().expect("no panic");
            assert_eq!(ended, (1, Some(Status::Success)));
        }
    });
    assert_eq!(effects.count(), 1);
}

/// Makes one call that ends with `first` while another waits; returns what the other gets.
fn joined(first: fn() -> io::Result<u32>) -> (io::Result<u32>, u32) {
    let (store, effects) = (OddStore::new(Pace::AtOnce), Effects::default());
    let second = thread::scope(|scope| {
        let owner = scope.spawn(|| {
            charge(&store).run(|| {
                effects.happen();
                store.wait_for(Method::Changed, 1);
                first()
            })
        });
        store.wait_for(Method::Pending, 1);
        let second = charge(&store).run(|| {
            effects.happen();
            io::Result::Ok(2)
        });
        let _ = owner.join().expect("no panic");
        second
    });
    (second, effects.count())
}

#[test]
fn who_waited_takes_its_turn_where_the_first_did_nothing() {
    let (second, ran) = joined(refused);
    assert_eq!((second.expect("its own"), ran), (2, 2));
}

#[test]
fn who_waited_meets_the_doubt_of_the_first() {
    let (second, ran) = joined(timed_out);
    assert!(is_in_doubt(second));
    assert_eq!(ran, 1);
}

/// Makes a claim whose owner does not end.
fn held(store: &InMemoryEffectStore) {
    let request = ClaimRequest::new(id(), "charge");
    let claim = wait_for(store.pending(&request)).expect("a store that answers");
    assert!(matches!(claim, Claim::Won(_)));
}

fn retry_after<T: Debug>(outcome: io::Result<T>) -> Duration {
    match word(outcome) {
        EffectError::InProgress { retry_after, .. } => retry_after,
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_does_not_wait_is_told_when_to_come_again() {
    let store = store();
    held(&store);
    let outcome = charge(&store)
        .on_busy(OnBusy::Fail)
        .run(|| io::Result::Ok(1));
    let after = retry_after(outcome);
    assert!(
        after > Duration::ZERO && after <= retry_effects::store::DEFAULT_LEASE,
        "{after:?}"
    );
}

/// Its own lease, or the owner's if that is longer.
#[tokio::test(start_paused = true)]
async fn a_wait_ends_after_one_lease() {
    for (own, waits) in [(10, 30), (60, 60)] {
        let store = store();
        held(&store);
        let began = tokio::time::Instant::now();
        let outcome = charge(&store)
            .lease(Duration::from_secs(own))
            .run_async(|| async { io::Result::Ok(1) })
            .await;
        assert!(retry_after(outcome) > Duration::ZERO);
        let waited = began.elapsed();
        assert_eq!(waited.as_secs(), waits, "{waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_wait_ends_with_the_calls_time() {
    for seconds in [3, 20] {
        let store = store();
        held(&store);
        let began = tokio::time::Instant::now();
        let outcome = charge(&store)
            .lease(Duration::from_secs(10))
            .retry(thrice().max_total_time(Duration::from_secs(seconds)))
            .run_async(|| async { io::Result::Ok(1) })
            .await;
        assert!(retry_after(outcome) > Duration::ZERO);
        let waited = began.elapsed();
        assert_eq!(waited.as_secs(), seconds, "{waited:?}");
    }
}

/// The time limit counts from the start of the call, not from its first attempt.
#[tokio::test(start_paused = true)]
async fn what_was_waited_is_no_more_left_for_attempts() {
    let store = store();
    let first = charge(&store).run_async(|| async {
        tokio::time::sleep(Duration::from_secs(3)).await;
        refused::<u32>()
    });
    let second = async {
        tokio::task::yield_now().await;
        let began = tokio::time::Instant::now();
        let outcome = charge(&store)
            .retry(thrice().max_total_time(Duration::from_secs(5)))
            .run_async(std::future::pending::<io::Result<u32>>)
            .await;
        assert!(outcome.is_err());
        began.elapsed().as_secs()
    };
    let (_, waited) = tokio::join!(first, second);
    assert_eq!(waited, 5);
    assert_eq!(status(&*store), Some(Status::InDoubt));
}

/// A dropped waiter leaves nothing behind.
#[tokio::test(start_paused = true)]
async fn a_waiter_may_go() {
    let store = store();
    held(&store);
    let call = charge(&store).run_async(|| async { io::Result::Ok(1) });
    let waited = tokio::time::timeout(Duration::from_secs(1), call).await;
    assert!(waited.is_err());
    assert_eq!(status(&*store), Some(Status::Pending));
    assert_eq!(Arc::strong_count(&store), 1);
}
