//! Connections that are cut just before and just after commits.
//!
//! The full number:
//!
//! ```text
//! RETRY_EFFECTS_FULL=1 cargo test --release -p retry-tests --features postgres --test postgres -- cut
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use retry_effects::{
    Claim, ClaimRequest, Effect, EffectStore, Fence, PostgresEffectStore, Resolved, Settlement,
    Status,
};
use tokio::task::JoinSet;

use super::bench::{Bench, id, success};
use super::proxy::{Cut, Proxy};

async fn through(bench: &Bench, proxy: &Proxy, connections: usize) -> PostgresEffectStore {
    let url = bench.url_in(proxy.socket_dir());
    let opened = bench.options().pool_size(connections).connect(&url).await;
    opened.unwrap()
}

/// Runs an action; says how often its effect took place.
async fn run(store: &PostgresEffectStore, number: u64) -> (Result<u64, String>, u32) {
    let effects = AtomicU32::new(0);
    let outcome = Effect::new("charge", &number)
        .store(store)
        .run_async(|| async {
            effects.fetch_add(1, Ordering::SeqCst);
            Ok::<_, String>(number)
        })
        .await;
    (outcome, effects.into_inner())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_statement_of_a_gated_call_may_lose_its_connection() {
    let Some(bench) = Bench::new() else { return };
    let proxy = Proxy::start(bench.socket());
    let store = through(&bench, &proxy, 2).await;
    let rounds = bench.short_or_full(50, 1000) / 6 + 1;
    let mut number = 0;
    for _ in 0..rounds {
        // It looks, it claims, it completes.
        for passed in 0..3 {
            for cut in [Cut::Before, Cut::After] {
                number += 1;
                let before = proxy.cuts();
                proxy.cut_after(passed, cut);
                let (outcome, effects) = run(&store, number).await;
                assert_eq!((outcome, effects), (Ok(number), 1), "{cut:?} {passed}");
                assert_eq!(proxy.cuts(), before + 1, "{cut:?} {passed}");
                assert_eq!(run(&store, number).await, (Ok(number), 0));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_whose_answer_was_lost_is_found_again_with_its_fence() {
    let Some(bench) = Bench::new() else { return };
    let proxy = Proxy::start(bench.socket());
    let store = through(&bench, &proxy, 1).await;
    proxy.cut_after(0, Cut::After);
    let Claim::Won(token) = store
        .pending(&ClaimRequest::new(id(1), "test"))
        .await
        .unwrap()
    else {
        panic!("nobody else is there");
    };
    assert_eq!(proxy.cuts(), 1);
    let record = store.get(id(1)).await.unwrap().unwrap();
    assert_eq!(
        (record.fence, record.status),
        (token.fence(), Status::Pending)
    );
    let client = bench.client().await;
    let last = format!("SELECT last_value FROM {}.effect_fence", bench.schema());
    let last: i64 = client.query_one(&last, &[]).await.unwrap().get(0);
    assert_eq!(
        Fence::new(last.unsigned_abs()),
        token.fence(),
        "it was claimed once"
    );

    // A takeover is found again in the same way: two statements, the second of which is lost.
    store
        .complete(&token, retry_effects::Outcome::InDoubt { applied: false })
        .await
        .unwrap();
    let mut takeover = ClaimRequest::new(id(1), "test");
    takeover.takeover = Some(token.fence());
    proxy.cut_after(1, Cut::After);
    let claim = store.pending(&takeover).await.unwrap();
    let Claim::Won(newer) = claim else {
        panic!("{claim:?}")
    };
    assert_eq!(proxy.cuts(), 2);
    let record = store.get(id(1)).await.unwrap().unwrap();
    assert_eq!(record.fence, newer.fence());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_whose_answer_was_lost_is_accepted() {
    let Some(bench) = Bench::new() else { return };
    let proxy = Proxy::start(bench.socket());
    let store = through(&bench, &proxy, 1).await;
    for (number, cut) in (1..).zip([Cut::Before, Cut::After]) {
        let claim = store
            .pending(&ClaimRequest::new(id(number), "test"))
            .await
            .unwrap();
        let Claim::Won(token) = claim else {
            panic!("{claim:?}")
        };
        proxy.cut_after(0, cut);
        store
            .renew(&token, retry_effects::DEFAULT_LEASE)
            .await
            .unwrap();
        proxy.cut_after(0, cut);
        store.release(&token).await.unwrap();
        let claim = store
            .pending(&ClaimRequest::new(id(number), "test"))
            .await
            .unwrap();
        let Claim::Won(token) = claim else {
            panic!("{claim:?}")
        };
        let doubt = retry_effects::Outcome::InDoubt { applied: true };
        proxy.cut_after(0, cut);
        store.complete(&token, doubt).await.unwrap();
        // It reads first.
        proxy.cut_after(1, cut);
        let word = Settlement::Success(retry_effects::Payload::new("1"));
        store.settle(id(number), token.fence(), word).await.unwrap();
        proxy.cut_after(0, cut);
        store.complete(&token, success()).await.unwrap();
    }
    assert_eq!(proxy.cuts(), 10);
}

/// Threads of two machines on the same actions, with connections cut all the time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_effect_is_repeated_while_connections_are_cut() {
    let Some(bench) = Bench::new() else { return };
    let proxy = Proxy::start(bench.socket());
    let stores = [
        through(&bench, &proxy, 4).await,
        through(&bench, &proxy, 4).await,
    ];
    let rounds = bench.short_or_full(25, 500);
    for round in 0..rounds {
        let effects: Arc<[AtomicU32; 8]> = Arc::default();
        proxy.cut_after(
            round as usize % 11,
            [Cut::Before, Cut::After][round as usize % 2],
        );
        let mut tasks = JoinSet::new();
        for caller in 0..32_usize {
            let (store, effects) = (stores[caller % 2].clone(), effects.clone());
            tasks.spawn_blocking(move || {
                let number = round * 100 + (caller as u64 / 2) % 8;
                Effect::new("charge", &number).store(&store).run(|| {
                    effects[caller / 2 % 8].fetch_add(1, Ordering::SeqCst);
                    Ok::<_, String>(number)
                })
            });
        }
        for outcome in tasks.join_all().await {
            outcome.unwrap();
        }
        for effect in &*effects {
            assert_eq!(effect.load(Ordering::SeqCst), 1);
        }
    }
    assert!(proxy.cuts() as u64 >= rounds / 2, "{} cuts", proxy.cuts());
}

/// The user's row and the record, with the commit cut before and after: all or nothing, and in the
/// end once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_is_cut_at_every_statement() {
    let Some(bench) = Bench::new() else { return };
    let proxy = Proxy::start(bench.socket());
    let store = bench.open().await;
    let client = bench.client().await;
    let orders = format!("{}.orders", bench.schema());
    let table = format!("CREATE TABLE {orders} (number int8)");
    client.batch_execute(&table).await.unwrap();
    let url = bench.url_in(proxy.socket_dir());
    let mut number = 0_u64;
    // The insert, the look, the record, the commit; and once nothing.
    for passed in 0..5 {
        for cut in [Cut::Before, Cut::After] {
            number += 1;
            let claim = store
                .pending(&ClaimRequest::new(id(number), "order"))
                .await
                .unwrap();
            let Claim::Won(token) = claim else {
                panic!("{claim:?}")
            };
            proxy.cut_after(passed, cut);
            let paid = async {
                let mut client = super::bench::client(&url).await;
                let mut transaction = client.transaction().await?;
                let insert = format!("INSERT INTO {orders} VALUES ($1)");
                let order = i64::try_from(number).unwrap();
                transaction.execute(&insert, &[&order]).await?;
                store
                    .complete_in(&mut transaction, &token, success())
                    .await?;
                // As a prepared statement, which the proxy can cut as it does the others.
                let committed = transaction.query_typed("COMMIT", &[]).await;
                std::mem::forget(transaction);
                committed
                    .map(drop)
                    .map_err(Box::<dyn std::error::Error>::from)
            };
            let paid = paid.await;
            let count = format!("SELECT count(*) FROM {orders} WHERE number = {number}");
            let rows: i64 = client.query_one(&count, &[]).await.unwrap().get(0);
            let is_done = matches!(store.resolve(id(number)).await.unwrap(), Resolved::Done(_));
            assert_eq!(rows == 1, is_done, "{cut:?} {passed}: {paid:?}");
            let is_committed = passed == 4 || (passed == 3 && cut == Cut::After);
            assert_eq!(is_done, is_committed, "{cut:?} {passed}: {paid:?}");
            assert_eq!(paid.is_ok(), passed == 4, "{cut:?} {passed}: {paid:?}");
        }
    }
}
