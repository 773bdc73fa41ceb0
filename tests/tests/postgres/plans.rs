//! The server's plans of the store's statements.

use retry_effects::EffectStore;
use retry_effects::store::{Claim, ClaimRequest};
use tokio::task::JoinSet;

use super::bench::{Bench, id, success};

/// A plan for an empty table scans a large one, until it is made anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_for_an_empty_table_is_not_kept() {
    const CALLERS: u64 = 64;
    const EACH: u64 = 400;
    let Some(bench) = Bench::new() else { return };
    drop(bench.open().await);
    let schema = bench.schema();
    let admin = bench.client().await;
    let empty = format!("ALTER TABLE {schema}.effects SET (autovacuum_enabled = off)");
    admin.batch_execute(&empty).await.unwrap();
    let analyze = format!("VACUUM ANALYZE {schema}.effects");
    admin.batch_execute(&analyze).await.unwrap();
    let store = bench.open().await;
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let store = store.clone();
        callers.spawn(async move {
            for number in caller * EACH..(caller + 1) * EACH {
                let request = ClaimRequest::new(id(number), "test");
                let Ok(Claim::Won(token)) = store.pending(&request).await else {
                    panic!("nobody else is there")
                };
                store.complete(&token, success()).await.unwrap();
            }
        });
    }
    callers.join_all().await;
    drop(store);
    // The sessions report their statistics as they end.
    let read = "SELECT sum(idx_tup_read)::int8, sum(idx_scan)::int8 FROM pg_stat_user_indexes \
                WHERE schemaname = $1 AND relname = 'effects'";
    let (tuples, scans) = loop {
        let row = admin.query_one(read, &[&schema]).await.unwrap();
        let (tuples, scans): (i64, i64) = (row.get(0), row.get(1));
        if u64::try_from(scans).unwrap() >= CALLERS * EACH {
            break (tuples, scans);
        }
        tokio::task::yield_now().await;
    };
    let actions = i64::try_from(CALLERS * EACH).unwrap();
    assert!(tuples / actions < 100, "{tuples} tuples, {scans} scans");
}
