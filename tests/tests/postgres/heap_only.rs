//! Completions leave no trace in the indexes: the server updates only the page of the record.

use std::time::Duration;

use retry_effects::store::{Claim, ClaimRequest};
use retry_effects::{EffectStore, Outcome};
use tokio::task::JoinSet;
use tokio_postgres::Client;

use super::bench::{Bench, id};

/// The size of a batch, and the number of batches.
const BATCH: u64 = 64;
const BATCHES: u64 = 40;

/// Waits until no session of this name is left: each has then reported what it did.
async fn gone(client: &Client, name: &str) {
    let left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1";
    for _ in 0..6000 {
        let row = client.query_one(left, &[&name]).await.unwrap();
        if row.get::<_, i64>(0) == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("a session stays");
}

/// Claims and completes batches, and returns the share of heap-only updates.
async fn share(completes_with: impl Fn(u64) -> Outcome) -> Option<f64> {
    let bench = Bench::new()?;
    let name = format!("heap_only_{}", bench.schema());
    let url = format!("{} application_name={name}", bench.url());
    let store = bench.options().pool_size(1).connect(&url).await.unwrap();
    for batch in 0..BATCHES {
        let mut claims = JoinSet::new();
        for number in 0..BATCH {
            let store = store.clone();
            claims.spawn(async move {
                let request = ClaimRequest::new(id(batch * BATCH + number), "charge");
                store.pending(&request).await.unwrap()
            });
        }
        let mut completions = JoinSet::new();
        for (number, claim) in (0..).zip(claims.join_all().await) {
            let Claim::Won(token) = claim else {
                panic!("{claim:?}")
            };
            let (store, outcome) = (store.clone(), completes_with(number));
            completions.spawn(async move { store.complete(&token, outcome).await.unwrap() });
        }
        completions.join_all().await;
    }
    drop(store);
    let client = bench.client().await;
    gone(&client, &name).await;
    let updates = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables \
                   WHERE schemaname = $1 AND relname = 'effects'";
    let row = client.query_one(updates, &[&bench.schema()]).await.unwrap();
    let (all, heap_only): (i64, i64) = (row.get(0), row.get(1));
    assert_eq!(all.unsigned_abs(), BATCH * BATCHES);
    Some(heap_only as f64 / all as f64)
}

#[tokio::test]
async fn at_least_85_percent_of_completions_in_batches_are_heap_only() {
    let result = "{\"receipt\":\"0123456789012345678901234567890123456789\"}";
    let success = |_| Outcome::Success(retry_effects::store::Payload::new(result));
    let Some(share) = share(success).await else {
        return;
    };
    assert!(share >= 0.85, "{share}");
}

/// A doubt has its mark, which an index holds: the count above sees updates that are not heap-only.
#[tokio::test]
async fn doubts_are_not() {
    let Some(share) = share(|_| Outcome::in_doubt(None)).await else {
        return;
    };
    assert!(share < 0.01, "{share}");
}
