//! A synchronous standby that is away: nothing is granted or confirmed that a failover would undo, and
//! no statement stays behind in the server.

use std::time::Duration;

use retry_effects::store::{Claim, ClaimRequest, Status};
use retry_effects::{EffectStore, PostgresEffectStore, StoreError};
use retry_tests::postgres::ThrowawayPostgres;
use tokio_postgres::Client;

use super::bench::{client, id, success};

/// Names the standbys whose confirmation each commit waits for.
async fn wait_for_standby(operator: &Client, name: &str) {
    let set = format!("ALTER SYSTEM SET synchronous_standby_names = '{name}'");
    operator.batch_execute(&set).await.unwrap();
    operator
        .batch_execute("SELECT pg_reload_conf()")
        .await
        .unwrap();
    let show = "SHOW synchronous_standby_names";
    until(async || {
        let row = operator.query_one(show, &[]).await.unwrap();
        row.get::<_, &str>(0) == name
    })
    .await;
    // The checkpointer tells the other sessions, once it has read the settings.
    operator.batch_execute("CHECKPOINT").await.unwrap();
}

/// Waits for a condition on the server, for at most a minute.
async fn until(mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..6000 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never came");
}

/// Returns the number of statements that wait for a standby, of those whose text has this part.
async fn waiting(operator: &Client, part: &str) -> i64 {
    let question = "SELECT count(*) FROM pg_stat_activity \
                    WHERE wait_event = 'SyncRep' AND position($1 IN query) > 0";
    operator.query_one(question, &[&part]).await.unwrap().get(0)
}

/// Ends their waits, as an operator does who sees them: the server then reports success.
async fn cancel_waits(operator: &Client) {
    let cancel = "SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity \
                  WHERE wait_event = 'SyncRep'";
    let cancelled: i64 = operator.query_one(cancel, &[]).await.unwrap().get(0);
    assert!(cancelled > 0, "no statement waits");
}

const CLAIM: &str = "INSERT INTO";
const CHANGE_ONE: &str = "st = $4::int2";
const CHANGE: &str = "WITH asked AS MATERIALIZED";
const CONFIRM: &str = "revision = r.revision FROM";

/// Waits until a statement with this part of a text waits for the standby; `answer` must not come
/// before.
async fn unanswered<T: std::fmt::Debug>(
    operator: &Client,
    part: &str,
    answer: &mut (impl Future<Output = T> + Unpin),
) {
    tokio::select! {
        early = answer => panic!("answered without the standby: {early:?}"),
        () = until(async || { waiting(operator, part).await > 0 }) => {}
    }
}

#[tokio::test]
async fn a_claim_that_only_the_crashed_primary_has_is_granted_on_neither_side() {
    let Some(mut primary) = ThrowawayPostgres::start() else {
        return;
    };
    let mut standby = primary.start_standby();
    let operator = client(&primary.url()).await;
    wait_for_standby(&operator, "standby").await;
    until(async || {
        let question = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'";
        operator
            .query_one(question, &[])
            .await
            .unwrap()
            .get::<_, i64>(0)
            == 1
    })
    .await;
    let store = PostgresEffectStore::connect(&primary.url()).await.unwrap();
    standby.stop_at_once();

    let request = ClaimRequest::new(id(1), "test");
    let mut claim = Box::pin(store.pending(&request));
    unanswered(&operator, CLAIM, &mut claim).await;
    // The restarted primary has the claim, which the standby never got.
    primary.stop_at_once();
    primary.start_again();
    let operator = client(&primary.url()).await;
    unanswered(&operator, CONFIRM, &mut claim).await;
    let record = store.get(id(1)).await.unwrap().unwrap();
    assert_eq!(record.status, Status::Pending, "it is visible");
    drop(claim);
    drop(store);
    primary.stop_at_once();

    standby.start_again();
    standby.promote();
    let operator = client(&standby.url()).await;
    wait_for_standby(&operator, "").await;
    let store = PostgresEffectStore::connect(&standby.url()).await.unwrap();
    let claim = store.pending(&ClaimRequest::new(id(1), "test")).await;
    assert!(matches!(claim, Ok(Claim::Won(_))), "{claim:?}");
}

#[tokio::test]
async fn a_claim_that_the_standby_gets_at_last_is_granted() {
    let Some(primary) = ThrowawayPostgres::start() else {
        return;
    };
    let mut standby = primary.start_standby();
    let operator = client(&primary.url()).await;
    // The server's warning reaches the store whatever the role is set to.
    let silent = format!(
        "ALTER ROLE {} SET client_min_messages = error",
        primary.user()
    );
    operator.batch_execute(&silent).await.unwrap();
    wait_for_standby(&operator, "standby").await;
    let store = PostgresEffectStore::connect(&primary.url()).await.unwrap();
    standby.stop_at_once();

    let request = ClaimRequest::new(id(1), "test");
    let mut claim = Box::pin(store.pending(&request));
    unanswered(&operator, CLAIM, &mut claim).await;
    cancel_waits(&operator).await;
    unanswered(&operator, CONFIRM, &mut claim).await;
    standby.start_again();
    let claim = claim.await;
    let Ok(Claim::Won(token)) = claim else {
        panic!("{claim:?}");
    };
    assert_eq!(
        store.get(id(1)).await.unwrap().unwrap().fence,
        token.fence(),
        "it is the claim that was found"
    );
}

#[tokio::test]
async fn an_outcome_is_confirmed_only_once_a_standby_has_it() {
    let Some(primary) = ThrowawayPostgres::start() else {
        return;
    };
    let operator = client(&primary.url()).await;
    let store = PostgresEffectStore::connect(&primary.url()).await.unwrap();
    let request = ClaimRequest::new(id(1), "test");
    let Claim::Won(token) = store.pending(&request).await.unwrap() else {
        panic!("it is new");
    };
    wait_for_standby(&operator, "nobody").await;
    let mut complete = Box::pin(store.complete(&token, success()));
    unanswered(&operator, CHANGE_ONE, &mut complete).await;
    cancel_waits(&operator).await;
    // The lock on the record that is found waits, too.
    unanswered(&operator, CHANGE, &mut complete).await;
    wait_for_standby(&operator, "").await;
    cancel_waits_if_any(&operator).await;
    complete.await.unwrap();
}

/// Sessions that wait notice a changed setting by themselves; this only hastens it.
async fn cancel_waits_if_any(operator: &Client) {
    let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    operator.query(cancel, &[]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn statements_do_not_pile_up_while_the_standby_is_away() {
    const CONNECTIONS: usize = 4;
    let Some(primary) = ThrowawayPostgres::start() else {
        return;
    };
    let operator = client(&primary.url()).await;
    let options = PostgresEffectStore::options().pool_size(CONNECTIONS);
    let store = options.connect(&primary.url()).await.unwrap();
    wait_for_standby(&operator, "nobody").await;
    let claims: Vec<_> = (0..3 * CONNECTIONS as u64)
        .map(|number| {
            let store = store.clone();
            tokio::spawn(async move {
                let request = ClaimRequest::new(id(number), "test");
                store.pending(&request).await
            })
        })
        .collect();
    let mut most = 0;
    until(async || {
        most = most.max(waiting(&operator, "").await);
        claims.iter().all(tokio::task::JoinHandle::is_finished)
    })
    .await;
    for claim in claims {
        let error = claim.await.unwrap().unwrap_err();
        assert!(matches!(error, StoreError::Unavailable { .. }), "{error:?}");
        assert!(error.to_string().contains("synchronous"), "{error}");
    }
    // One that is being cancelled, beside each that waits.
    assert!((1..=2 * CONNECTIONS as i64).contains(&most), "{most}");
    until(async || waiting(&operator, "").await == 0).await;
}
