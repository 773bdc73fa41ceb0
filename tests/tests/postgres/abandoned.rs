//! Claims whose callers have left: given back, and never held for nobody.

use std::time::Duration;

use retry_core::{Retry, RetryPolicy};
use retry_effects::store::{Claim, ClaimRequest, Resolved, Status};
use retry_effects::{Effect, EffectError, EffectStore, PostgresEffectStore};
use retry_tests::short_or_full;
use tokio_postgres::Client;

use super::bench::{Bench, id};

/// Waits until so many statements on the bench's table wait for a lock.
async fn waiting(bench: &Bench, client: &Client, count: i64) {
    let question = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                    AND position($1 IN query) > 0";
    for _ in 0..2000 {
        let row = client.query_one(question, &[&bench.schema()]).await;
        if row.unwrap().get::<_, i64>(0) >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    panic!("nobody waits");
}

/// Every command that came before has been taken from its queue by the store's only lane.
async fn settled(store: &PostgresEffectStore) {
    for number in 0..8 {
        store.resolve(id(1000 + number)).await.unwrap();
    }
}

/// Its caller has left, and the record that it meets came in between: it is free, and would be
/// claimed for nobody.
#[tokio::test]
async fn a_claim_that_is_late_takes_nothing_for_a_caller_that_has_left() {
    let Some(bench) = Bench::new() else { return };
    let options = bench.options().pool_size(1);
    let store = options.connect(&bench.url()).await.unwrap();
    let (mut other, watcher) = (bench.client().await, bench.client().await);
    let transaction = other.transaction().await.unwrap();
    let insert = format!(
        "INSERT INTO {}.effects (action_id, revision, st, mark, fence, claim_id, type, scope, \
         lease_until, lease_us, made_at, done_at, keep_ms) VALUES ($1, 2, 3, 3, 900, \
         '09090909-0909-0909-0909-090909090909', 'test', '', now(), 1, now(), now(), 0)",
        bench.schema()
    );
    let action = id(1);
    let key = &action.as_bytes()[..];
    transaction.execute(&insert, &[&key]).await.unwrap();

    let request = ClaimRequest::new(action, "test");
    let abandoned = store.pending(&request);
    waiting(&bench, &watcher, 1).await;
    drop(abandoned);
    transaction.commit().await.unwrap();
    settled(&store).await;
    let record = store.get(action).await.unwrap().unwrap();
    assert_eq!(
        (record.status, record.fence.number()),
        (Status::Released, 900)
    );
}

/// The time limit is over while the server is still at the claim. What lands later is given back,
/// and the next call runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_lands_after_the_time_limit_is_given_back() {
    let Some(bench) = Bench::new() else { return };
    let store = bench.open().await;
    let (mut locker, watcher) = (bench.client().await, bench.client().await);
    let lock = locker.transaction().await.unwrap();
    // Readers go on; writers wait.
    let table = format!("LOCK TABLE {}.effects IN EXCLUSIVE MODE", bench.schema());
    lock.batch_execute(&table).await.unwrap();
    let policy = Retry::new(RetryPolicy::new(1)).max_total_time(Duration::from_secs(1));
    let call = Effect::new("charge", &7).store(&store).retry(policy);
    let outcome: Result<u32, String> = call
        .run_async(|| async { panic!("it ran without a claim") })
        .await;
    let said = outcome.unwrap_err();
    assert!(said.contains("charge did not run"), "{said}");
    // The claim, and the question what became of it.
    waiting(&bench, &watcher, 1).await;
    lock.commit().await.unwrap();

    let action = retry_effects::compute_action_id("charge", &7, "").unwrap();
    for _ in 0..2000 {
        match store.get(action).await.unwrap() {
            Some(record) if record.status == Status::Released => break,
            _ => tokio::time::sleep(Duration::from_millis(2)).await,
        }
    }
    let outcome = Effect::new("charge", &7).store(&store);
    let outcome: Result<u32, EffectError> = outcome.run_async(|| async { Ok(7) }).await;
    assert_eq!(outcome.unwrap(), 7);
}

/// Calls that are dropped all the time, at any moment, leave each action done or free, as nothing
/// begins that is not awaited.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_are_dropped_at_any_moment_leave_nothing_held() {
    let Some(bench) = Bench::new() else { return };
    let store = bench.open().await;
    let rounds = short_or_full(200, 5000);
    for number in 0..rounds {
        let request = Effect::new("charge", &number).store(&store);
        let call = request.run_async(|| async { Ok::<_, EffectError>(number) });
        let _ = tokio::time::timeout(Duration::from_micros(number % 40 * 50), call).await;
    }
    for number in 0..rounds {
        let action = retry_effects::compute_action_id("charge", &number, "").unwrap();
        for turn in 0.. {
            match store.resolve(action).await.unwrap() {
                Resolved::Busy(_) if turn < 2000 => {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
                Resolved::Free | Resolved::Done(_) => break,
                other => panic!("{number}: {other:?}"),
            }
        }
    }
    let claim = store
        .pending(&ClaimRequest::new(id(1), "test"))
        .await
        .unwrap();
    assert!(matches!(claim, Claim::Won(_)), "{claim:?}");
}
