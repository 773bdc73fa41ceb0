//! Waiters on one machine are woken by changes that another machine makes.

use std::time::Duration;

use retry_effects::store::{Changed, Claim, ClaimRequest};
use retry_effects::{EffectStore, PostgresEffectStore, Token};

use super::bench::{Bench, id, success};

/// For how long a notification may be under way.
const PATIENCE: Duration = Duration::from_secs(20);

async fn woken(changed: Changed) {
    tokio::time::timeout(PATIENCE, changed)
        .await
        .expect("a waiter is woken");
}

async fn won(store: &PostgresEffectStore, number: u64) -> Token {
    match store
        .pending(&ClaimRequest::new(id(number), "test"))
        .await
        .unwrap()
    {
        Claim::Won(token) => token,
        other => panic!("{other:?}"),
    }
}

/// Waits until the server knows that this bench's store listens and that this record is waited for.
async fn heard(bench: &Bench, number: u64) {
    let client = bench.client().await;
    let question = format!(
        "SELECT (SELECT flags & 1 <> 0 FROM {}.effects WHERE action_id = $1) AND EXISTS \
         (SELECT FROM pg_stat_activity WHERE state = 'idle' AND query = 'LISTEN retry_effects_' || \
         encode(substring(sha256('retry-effects {}') FOR 8), 'hex'))",
        bench.schema(),
        bench.schema()
    );
    let id = id(number);
    let id = &id.as_bytes()[..];
    for _ in 0..2000 {
        if client.query_one(&question, &[&id]).await.unwrap().get(0) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("nobody listens");
}

#[tokio::test]
async fn a_completion_elsewhere_wakes() {
    let Some(bench) = Bench::new() else { return };
    let (owner, waiter) = (bench.open().await, bench.open().await);
    let token = won(&owner, 1).await;
    let changed = waiter.changed(id(1));
    heard(&bench, 1).await;
    owner.complete(&token, success()).await.unwrap();
    woken(changed).await;
}

#[tokio::test]
async fn a_release_elsewhere_wakes_and_a_renewal_does_not() {
    let Some(bench) = Bench::new() else { return };
    let (owner, waiter) = (bench.open().await, bench.open().await);
    let (token, other) = (won(&owner, 1).await, won(&owner, 2).await);
    let (mut changed, second) = (Box::pin(waiter.changed(id(1))), waiter.changed(id(2)));
    heard(&bench, 1).await;
    heard(&bench, 2).await;
    owner
        .renew(&token, retry_effects::store::DEFAULT_LEASE)
        .await
        .unwrap();
    owner.release(&other).await.unwrap();
    // Notifications keep their order: had the renewal sent one, it would be here.
    woken(second).await;
    let early = tokio::time::timeout(Duration::ZERO, &mut changed).await;
    assert!(early.is_err(), "a renewal wakes nobody");
    owner.release(&token).await.unwrap();
    tokio::time::timeout(PATIENCE, changed)
        .await
        .expect("a waiter is woken");
}

#[tokio::test]
async fn a_commit_of_the_owners_own_wakes() {
    let Some(bench) = Bench::new() else { return };
    let (owner, waiter) = (bench.open().await, bench.open().await);
    let token = won(&owner, 1).await;
    let changed = waiter.changed(id(1));
    heard(&bench, 1).await;
    let mut client = bench.client().await;
    let mut transaction = client.transaction().await.unwrap();
    owner
        .complete_in(&mut transaction, &token, success())
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    woken(changed).await;
}

#[tokio::test]
async fn who_comes_after_the_end_is_woken_at_once() {
    let Some(bench) = Bench::new() else { return };
    let (owner, waiter) = (bench.open().await, bench.open().await);
    let token = won(&owner, 1).await;
    owner.complete(&token, success()).await.unwrap();
    woken(waiter.changed(id(1))).await;
}

#[tokio::test]
async fn a_waiter_of_the_same_process_is_woken_without_a_connection_to_listen_on() {
    let Some(bench) = Bench::new() else { return };
    let store = PostgresEffectStore::options()
        .schema(bench.schema())
        .with_pool(bench.pool())
        .await
        .unwrap();
    let token = won(&store, 1).await;
    let changed = store.changed(id(1));
    store.complete(&token, success()).await.unwrap();
    woken(changed).await;
}
