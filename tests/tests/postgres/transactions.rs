//! The record and the caller's own writes in one commit.

use std::time::Duration;

use retry_effects::store::{Claim, ClaimRequest, DEFAULT_LEASE, Resolved};
use retry_effects::{
    Effect, EffectStore, OnDoubt, Outcome, PostgresEffectStore, StoreError, Token,
};
use tokio_postgres::{Client, Transaction};

use super::bench::{Bench, id, success};

/// A store whose clock can be moved, and a connection of the application's with a table of orders.
async fn with_orders(bench: &Bench) -> (PostgresEffectStore, Client) {
    let clock = bench.make_clock().await;
    let opened = bench.options().clock(clock);
    let store = opened.connect(&bench.url()).await.unwrap();
    let client = bench.client().await;
    let table = format!("CREATE TABLE {}.orders (number int)", bench.schema());
    client.batch_execute(&table).await.unwrap();
    (store, client)
}

async fn orders(bench: &Bench) -> i64 {
    let count = format!("SELECT count(*) FROM {}.orders", bench.schema());
    bench
        .client()
        .await
        .query_one(&count, &[])
        .await
        .unwrap()
        .get(0)
}

async fn with_order<'a>(bench: &Bench, client: &'a mut Client) -> Transaction<'a> {
    let transaction = client.transaction().await.unwrap();
    let insert = format!("INSERT INTO {}.orders VALUES (7)", bench.schema());
    transaction.batch_execute(&insert).await.unwrap();
    transaction
}

async fn won(store: &PostgresEffectStore, number: u64) -> Token {
    match store
        .pending(&ClaimRequest::new(id(number), "order"))
        .await
        .unwrap()
    {
        Claim::Won(token) => token,
        other => panic!("{other:?}"),
    }
}

async fn result(store: &PostgresEffectStore, number: u64) -> Option<String> {
    match store.resolve(id(number)).await.unwrap() {
        Resolved::Done(finished) => Some(finished.payload.json().to_owned()),
        _ => None,
    }
}

#[tokio::test]
async fn both_are_committed_or_neither() {
    let Some(bench) = Bench::new() else { return };
    let (store, mut client) = with_orders(&bench).await;
    let token = won(&store, 1).await;
    let mut transaction = with_order(&bench, &mut client).await;
    store
        .complete_in(&mut transaction, &token, success())
        .await
        .unwrap();
    transaction.rollback().await.unwrap();
    assert_eq!((orders(&bench).await, result(&store, 1).await), (0, None));

    let mut transaction = with_order(&bench, &mut client).await;
    store
        .complete_in(&mut transaction, &token, success())
        .await
        .unwrap();
    assert_eq!(result(&store, 1).await, None, "not before the commit");
    transaction.commit().await.unwrap();
    assert_eq!(orders(&bench).await, 1);
    assert_eq!(result(&store, 1).await.as_deref(), Some("1"));
}

#[tokio::test]
async fn a_commit_is_durable_whatever_the_session_says() {
    let Some(bench) = Bench::new() else { return };
    let (store, mut client) = with_orders(&bench).await;
    client
        .batch_execute("SET synchronous_commit = off")
        .await
        .unwrap();
    let token = won(&store, 1).await;
    let mut transaction = client.transaction().await.unwrap();
    store
        .complete_in(&mut transaction, &token, success())
        .await
        .unwrap();
    let show = "SHOW synchronous_commit";
    let within: String = transaction.query_one(show, &[]).await.unwrap().get(0);
    transaction.commit().await.unwrap();
    let after: String = client.query_one(show, &[]).await.unwrap().get(0);
    assert_eq!((&*within, &*after), ("on", "off"));
}

#[tokio::test]
async fn a_second_commit_is_refused_to_the_same_claim_too() {
    let Some(bench) = Bench::new() else { return };
    let (store, mut client) = with_orders(&bench).await;
    let token = won(&store, 1).await;
    store.complete(&token, success()).await.unwrap();
    let mut transaction = with_order(&bench, &mut client).await;
    let again = store.complete_in(&mut transaction, &token, success()).await;
    let Err(StoreError::AlreadyDone { finished, .. }) = again else {
        panic!("{again:?}");
    };
    assert_eq!(
        (finished.fence, finished.payload.json()),
        (token.fence(), "1")
    );
    drop(transaction);
    assert_eq!(orders(&bench).await, 0);
}

#[tokio::test]
async fn a_claim_that_was_taken_over_commits_nothing() {
    let Some(bench) = Bench::new() else { return };
    let (store, mut client) = with_orders(&bench).await;
    let late = won(&store, 1).await;
    bench.pass(DEFAULT_LEASE).await;
    let mut takeover = ClaimRequest::new(id(1), "order");
    takeover.takeover = Some(late.fence());
    let claim = store.pending(&takeover).await.unwrap();
    assert!(matches!(claim, Claim::Won(_)), "{claim:?}");
    let mut transaction = with_order(&bench, &mut client).await;
    let lost = store.complete_in(&mut transaction, &late, success()).await;
    assert!(
        matches!(lost, Err(StoreError::LeaseLost { .. })),
        "{lost:?}"
    );
}

#[tokio::test]
async fn a_record_that_is_being_committed_is_busy_and_holds_nobody_up() {
    let Some(bench) = Bench::new() else { return };
    let (store, mut client) = with_orders(&bench).await;
    let token = won(&store, 1).await;
    let mut transaction = with_order(&bench, &mut client).await;
    store
        .complete_in(&mut transaction, &token, success())
        .await
        .unwrap();
    bench.pass(DEFAULT_LEASE).await;

    // By the clock it is in doubt; it cannot be taken over while its owner commits.
    let mut takeover = ClaimRequest::new(id(1), "order");
    takeover.takeover = Some(token.fence());
    let claim = store.pending(&takeover).await.unwrap();
    assert!(
        matches!(claim, Claim::Busy(busy) if busy.fence == token.fence()),
        "{claim:?}"
    );
    // Its owner's renewal waits, and nobody else's work does.
    let renewal = tokio::spawn({
        let store = store.clone();
        async move { store.renew(&token, DEFAULT_LEASE).await }
    });
    for number in 2..20 {
        let token = won(&store, number).await;
        store.complete(&token, success()).await.unwrap();
    }
    assert!(!renewal.is_finished());

    transaction.commit().await.unwrap();
    let renewed = renewal.await.unwrap();
    assert!(
        matches!(renewed, Err(StoreError::LeaseLost { .. })),
        "{renewed:?}"
    );
    let claim = store.pending(&takeover).await.unwrap();
    assert!(matches!(claim, Claim::Done(_)), "{claim:?}");
}

#[tokio::test]
async fn a_renewal_takes_place_once_the_transaction_is_rolled_back() {
    let Some(bench) = Bench::new() else { return };
    let (store, mut client) = with_orders(&bench).await;
    let token = won(&store, 1).await;
    let mut transaction = with_order(&bench, &mut client).await;
    store
        .complete_in(&mut transaction, &token, success())
        .await
        .unwrap();
    let renewal = store.renew(&token, Duration::from_secs(3600));
    transaction.rollback().await.unwrap();
    renewal.await.unwrap();
    let record = store.get(id(1)).await.unwrap().unwrap();
    assert_eq!(record.renewals, 1);
}

#[tokio::test]
async fn another_schema_is_told_apart() {
    let Some(bench) = Bench::new() else { return };
    let (store, mut client) = with_orders(&bench).await;
    let token = won(&store, 1).await;
    let drop = format!("DROP SCHEMA {} CASCADE", bench.schema());
    client.batch_execute(&drop).await.unwrap();
    let mut transaction = client.transaction().await.unwrap();
    let error = store
        .complete_in(&mut transaction, &token, success())
        .await
        .unwrap_err();
    assert!(
        matches!(error, StoreError::Misconfigured { .. }),
        "{error:?}"
    );
    assert!(error.to_string().contains("its tables are gone"), "{error}");
}

#[tokio::test]
async fn a_body_that_finds_it_done_has_no_other_attempt() {
    let Some(bench) = Bench::new() else { return };
    let (store, _client) = with_orders(&bench).await;
    let ran = std::sync::atomic::AtomicU32::new(0);
    let outcome: Result<u32, String> = Effect::new("charge", &42)
        .store(&store)
        // Its commit has a fence: a second attempt cannot commit again.
        .in_doubt(OnDoubt::Reexecute)
        .retry(retry_core::Retry::new(
            retry_core::RetryPolicy::new(5).with_backoff_ms(1),
        ))
        .run_async(|| async {
            ran.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let action = retry_effects::current_action().expect("a gated body");
            let mut client = bench.client().await;
            let mut transaction = with_order(&bench, &mut client).await;
            let outcome = Outcome::success(&7).unwrap();
            store
                .complete_in(&mut transaction, &action.token(), outcome)
                .await
                .map_err(|error| error.to_string())?;
            transaction.commit().await.unwrap();
            Err("the server is busy".to_owned())
        })
        .await;
    assert_eq!(outcome, Ok(7));
    assert_eq!(ran.into_inner(), 2);
    assert_eq!(orders(&bench).await, 1);
}

/// The server answers a COMMIT of a transaction in which something has failed without an error: it
/// rolls back. What the body then returns has not happened.
#[tokio::test]
async fn a_result_whose_transaction_was_not_committed_is_not_recorded() {
    let Some(bench) = Bench::new() else { return };
    let (store, _client) = with_orders(&bench).await;
    let pay = |fails: bool| {
        let (bench, store) = (&bench, &store);
        Effect::new("charge", &42)
            .store(store)
            .in_doubt(OnDoubt::Reexecute)
            .run_async(move || async move {
                let action = retry_effects::current_action().expect("a gated body");
                let mut client = bench.client().await;
                let mut transaction = with_order(bench, &mut client).await;
                let outcome = Outcome::success(&7).unwrap();
                let token = action.token();
                let completed = store.complete_in(&mut transaction, &token, outcome);
                completed.await.map_err(|error| error.to_string())?;
                if fails {
                    // A failure that the body takes for harmless.
                    let _ = transaction.batch_execute("SELECT 1 / 0").await;
                }
                transaction
                    .commit()
                    .await
                    .map_err(|error| error.to_string())?;
                Ok::<_, String>(7)
            })
    };
    let said = pay(true).await.unwrap_err();
    assert!(said.contains("in doubt"), "{said}");
    assert_eq!(orders(&bench).await, 0);
    assert_eq!(pay(false).await, Ok(7));
    assert_eq!(orders(&bench).await, 1);
    assert_eq!(pay(false).await, Ok(7));
    assert_eq!(orders(&bench).await, 1);
}
