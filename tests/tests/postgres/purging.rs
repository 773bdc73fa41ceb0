//! Removal of records, and what is not to be removed.

use std::time::Duration;

use retry_effects::store::{Claim, ClaimRequest, Payload, Resolved};
use retry_effects::{EffectStore, Outcome, PostgresEffectStore, Token};

use super::bench::{Bench, id, success};

async fn won(store: &PostgresEffectStore, request: &ClaimRequest) -> Token {
    match store.pending(request).await.unwrap() {
        Claim::Won(token) => token,
        other => panic!("{other:?}"),
    }
}

fn without_keep(number: u64) -> ClaimRequest {
    let mut request = ClaimRequest::new(id(number), "test");
    request.keep = Duration::ZERO;
    request
}

/// Between the look at a record and its removal it is removed by somebody else, and done anew: the
/// same action, at the same revision.
#[tokio::test]
async fn a_purge_removes_only_what_it_has_looked_at() {
    let Some(bench) = Bench::new() else { return };
    let (store, other) = (bench.open().await, bench.open().await);
    let token = won(&store, &without_keep(1)).await;
    store.complete(&token, success()).await.unwrap();

    let (mut locker, watcher) = (bench.client().await, bench.client().await);
    let lock = locker.transaction().await.unwrap();
    let table = format!("{}.effects", bench.schema());
    // Readers go on; writers wait.
    let exclusive = format!("LOCK TABLE {table} IN EXCLUSIVE MODE");
    lock.batch_execute(&exclusive).await.unwrap();
    let purge = tokio::spawn(async move { other.purge(Duration::ZERO).await.unwrap() });
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                 AND query LIKE '%DELETE%' AND position($1 IN query) > 0";
    for turn in 0.. {
        let row = watcher.query_one(waits, &[&bench.schema()]).await.unwrap();
        if row.get::<_, i64>(0) == 1 {
            break;
        }
        assert!(turn < 2000, "the purge does not come to remove anything");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    // Another incarnation, as a purge, a claim and a completion of others would leave it.
    let anew = format!(
        "UPDATE {table} SET fence = fence + 1, claim_id = '07070707-0707-0707-0707-070707070707', payload = '2'"
    );
    lock.batch_execute(&anew).await.unwrap();
    lock.commit().await.unwrap();

    assert_eq!(purge.await.unwrap(), 0);
    let found = store.resolve(id(1)).await.unwrap();
    assert!(
        matches!(&found, Resolved::Done(done) if done.payload.json() == "2"),
        "{found:?}"
    );
}

/// Claims sweep away what nobody is to keep any longer, by the index of when that is.
#[tokio::test]
async fn records_go_when_their_time_is_up() {
    let Some(bench) = Bench::new() else { return };
    let clock = bench.make_clock().await;
    let options = bench.options().clock(clock).pool_size(2);
    let store = options.connect(&bench.url()).await.unwrap();
    for number in 0..300 {
        let mut request = without_keep(number);
        request.retain = Some(Duration::from_secs(60));
        let token = won(&store, &request).await;
        let outcome = Outcome::Success(Payload::new("1"));
        store.complete(&token, outcome).await.unwrap();
    }
    let client = bench.client().await;
    let rows = format!("SELECT count(*) FROM {}.effects", bench.schema());
    let rows = async || client.query_one(&rows, &[]).await.unwrap().get::<_, i64>(0);
    assert_eq!(rows().await, 300);
    bench.pass(Duration::from_secs(60)).await;
    assert_eq!(store.counts().await.unwrap().total(), 0, "as good as gone");
    assert!(matches!(
        store.resolve(id(1)).await.unwrap(),
        Resolved::Free
    ));
    // A sweep takes some of them, after every so many claims.
    for number in 2000..2600 {
        won(&store, &without_keep(number)).await;
    }
    for turn in 0.. {
        let gone = format!(
            "SELECT count(*) FROM {}.effects WHERE st = 1",
            bench.schema()
        );
        if client.query_one(&gone, &[]).await.unwrap().get::<_, i64>(0) == 0 {
            break;
        }
        assert!(turn < 2000, "they stay");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
