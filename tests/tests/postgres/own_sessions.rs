//! Sessions of the store's own, whose settings its statements rely on.

use std::time::Duration;

use retry_effects::store::{Claim, ClaimRequest, DEFAULT_LEASE, Resolved};
use retry_effects::{EffectStore, PostgresEffectStore, Token};
use retry_tests::postgres::ThrowawayPostgres;

use super::bench::{Bench, client, id, success};
use super::settings::watch_durability;

async fn won(store: &PostgresEffectStore, number: u64) -> Token {
    let request = ClaimRequest::new(id(number), "test");
    match store.pending(&request).await.unwrap() {
        Claim::Won(token) => token,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_is_acknowledged_is_durable_whatever_the_server_or_the_url_sets() {
    let Some(bench) = Bench::new() else { return };
    for (set, wanted) in [
        ("on", "on"),
        ("off", "on"),
        ("local", "on"),
        ("remote_write", "on"),
        ("remote_apply", "remote_apply"),
    ] {
        let bench = bench.renamed(format!("{}_{set}", bench.schema()));
        let url = format!("{} options='-c synchronous_commit={set}'", bench.url());
        let store = bench.options().pool_size(1).connect(&url).await.unwrap();
        watch_durability(&bench).await;
        // Alone, and in a batch of two.
        let token = won(&store, 1).await;
        store.renew(&token, DEFAULT_LEASE).await.unwrap();
        store.complete(&token, success()).await.unwrap();
        let (one, other) = tokio::join!(won(&store, 2), won(&store, 3));
        let (one, other) = tokio::join!(store.release(&one), store.release(&other));
        assert!(one.is_ok() && other.is_ok());
        let said = format!("SELECT level FROM {}.said", bench.schema());
        let said = bench.client().await.query(&said, &[]).await.unwrap();
        let said: Vec<String> = said.iter().map(|row| row.get(0)).collect();
        assert_eq!(said, [wanted; 7], "{set}");
    }
}

/// A session follows a reload in what it has not set itself.
#[tokio::test]
async fn a_reload_of_the_servers_settings_makes_nothing_less_durable() {
    let Some(server) = ThrowawayPostgres::start() else {
        return;
    };
    let store = PostgresEffectStore::options().schema("reloaded");
    let store = store.pool_size(1).connect(&server.url()).await.unwrap();
    won(&store, 1).await;
    let operator = client(&server.url()).await;
    let set = "ALTER SYSTEM SET synchronous_commit = off";
    operator.batch_execute(set).await.unwrap();
    let reload = "SELECT pg_reload_conf()";
    operator.batch_execute(reload).await.unwrap();
    let show = "SHOW synchronous_commit";
    for turn in 0.. {
        if operator
            .query_one(show, &[])
            .await
            .unwrap()
            .get::<_, &str>(0)
            == "off"
        {
            break;
        }
        assert!(turn < 2000, "it is not reloaded");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let note = "CREATE TABLE reloaded.said (level text);
         CREATE FUNCTION reloaded.note() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN INSERT INTO reloaded.said VALUES (current_setting(''synchronous_commit''));
          RETURN NULL; END';
         CREATE TRIGGER note AFTER INSERT ON reloaded.effects
         FOR EACH ROW EXECUTE FUNCTION reloaded.note()";
    operator.batch_execute(note).await.unwrap();
    won(&store, 2).await;
    let said = "SELECT level FROM reloaded.said";
    let said: String = operator.query_one(said, &[]).await.unwrap().get(0);
    assert_eq!(said, "on");
}

/// A plain update waits for the row of a transaction of the user's only a moment: its connection, the
/// only one, then serves others.
#[tokio::test]
async fn an_outcome_that_meets_a_locked_record_holds_up_nobody() {
    let Some(bench) = Bench::new() else { return };
    let options = bench.options().pool_size(1);
    let store = options.connect(&bench.url()).await.unwrap();
    let token = won(&store, 1).await;
    let mut owner = bench.client().await;
    let mut transaction = owner.transaction().await.unwrap();
    let completed = store.complete_in(&mut transaction, &token, success());
    completed.await.unwrap();

    let again = tokio::spawn({
        let store = store.clone();
        async move { store.complete(&token, success()).await }
    });
    for number in 2..30 {
        let token = won(&store, number).await;
        store.complete(&token, success()).await.unwrap();
    }
    assert!(!again.is_finished(), "its record is locked");
    transaction.commit().await.unwrap();
    again.await.unwrap().unwrap();
    let resolved = store.resolve(id(1)).await.unwrap();
    assert!(matches!(resolved, Resolved::Done(_)), "{resolved:?}");
}

/// A claim on a record that another transaction is about to insert takes the way of many, whose
/// patience is longer.
#[tokio::test]
async fn a_lone_claim_waits_for_a_record_that_is_about_to_be_made() {
    let Some(bench) = Bench::new() else { return };
    let options = bench.options().pool_size(1);
    let store = options.connect(&bench.url()).await.unwrap();
    let mut other = bench.client().await;
    let insert = other.transaction().await.unwrap();
    let row = format!(
        "INSERT INTO {}.effects (action_id, st, fence, claim_id, type, scope, lease_until, \
         lease_us, made_at, keep_ms) VALUES ($1, 0, 900, \
         '09090909-0909-0909-0909-090909090909', 'test', '', now() + interval '1 hour', 1, now(), 0)",
        bench.schema()
    );
    let action = id(1);
    let key = &action.as_bytes()[..];
    insert.execute(&row, &[&key]).await.unwrap();
    let claim = tokio::spawn({
        let store = store.clone();
        async move { store.pending(&ClaimRequest::new(action, "test")).await }
    });
    // A short time at once; the record is looked for in between.
    let watcher = bench.client().await;
    let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                 AND position('ON CONFLICT' IN query) > 0 AND position($1 IN query) > 0";
    for turn in 0.. {
        let row = watcher.query_one(waits, &[&bench.schema()]).await.unwrap();
        if row.get::<_, i64>(0) == 1 {
            break;
        }
        assert!(turn < 5000, "nobody waits");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    insert.commit().await.unwrap();
    let claim = claim.await.unwrap().unwrap();
    assert!(
        matches!(claim, Claim::Busy(busy) if busy.fence.number() == 900),
        "{claim:?}"
    );
}
