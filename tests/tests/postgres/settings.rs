//! A user's pool, however it is set up.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use retry_effects::deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod};
use retry_effects::store::{Claim, ClaimRequest, Resolved};
use retry_effects::{
    ActionId, Effect, EffectStore, Outcome, PostgresEffectStore, StoreError, Token,
};
use retry_tests::postgres::ThrowawayPostgres;
use tokio::task::JoinSet;
use tokio_postgres::NoTls;

use super::bench::{Bench, client, id, success};

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

#[tokio::test]
async fn its_sessions_may_be_set_to_anything() {
    let Some(bench) = Bench::new() else { return };
    for level in ["serializable", "repeatable\\ read", "read\\ committed"] {
        let pool = bench.pool_with(&format!(
            "-c default_transaction_isolation={level} -c synchronous_commit=off -c search_path= \
             -c timezone=Asia/Kathmandu -c standard_conforming_strings=off -c datestyle=sql,dmy \
             -c bytea_output=escape -c intervalstyle=sql_standard -c extra_float_digits=-15 \
             -c lock_timeout=5 -c statement_timeout=3000 -c enable_indexscan=off \
             -c default_transaction_deferrable=on -c quote_all_identifiers=on"
        ));
        let store = bench.options().with_pool(pool).await.unwrap();
        let mut request = ClaimRequest::new(ActionId::from_bytes([7; 32]), level);
        request.scope = Some("a\0b\\".into());
        let claim = store.pending(&request).await.unwrap();
        let Claim::Won(token) = claim else {
            panic!("{claim:?}")
        };
        store.complete(&token, success()).await.unwrap();
        let record = store.get(request.id).await.unwrap().unwrap();
        assert_eq!((&*record.action_type, &*record.scope), (level, "a\0b\\"));
        assert_eq!(store.purge(Duration::ZERO).await.unwrap(), 0);
        let truncate = format!("TRUNCATE {}.effects", bench.schema());
        bench.client().await.batch_execute(&truncate).await.unwrap();
    }
}

/// Two stores on pools of the strictest isolation, with callers on the same few actions: the server
/// refuses many of their statements, which are sent again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_transactions_may_be_serializable() {
    let Some(bench) = Bench::new() else { return };
    let effects: Arc<[AtomicUsize; 10]> = Arc::default();
    let mut tasks = JoinSet::new();
    for _ in 0..2 {
        let pool = bench.pool_with("-c default_transaction_isolation=serializable");
        let store = bench.options().with_pool(pool).await.unwrap();
        for caller in 0..16 {
            let (store, effects) = (store.clone(), effects.clone());
            tasks.spawn(async move {
                for turn in 0..10 {
                    let number = if caller % 2 == 0 { turn } else { 9 - turn };
                    let ran = Effect::new("charge", &number).store(&store);
                    let outcome = ran.run_async(async || {
                        effects[number].fetch_add(1, Ordering::SeqCst);
                        Ok::<_, String>(number)
                    });
                    assert_eq!(outcome.await, Ok(number));
                }
            });
        }
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let effects: Vec<_> = effects.iter().map(|n| n.load(Ordering::SeqCst)).collect();
    assert_eq!(effects, [1; 10]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_serializable_pools_may_make_the_tables_at_once() {
    let Some(bench) = Bench::new() else { return };
    let mut tasks = JoinSet::new();
    for number in 0..8 {
        let pool = bench.pool_with("-c default_transaction_isolation=serializable");
        let opened = bench.options().with_pool(pool);
        tasks.spawn(async move { won(&opened.await.unwrap(), number).await });
    }
    let tokens = tasks.join_all().await;
    assert_eq!(
        bench.open().await.counts().await.unwrap().total(),
        tokens.len() as u64
    );
}

/// Notes for each row that is written how durable its transaction is at the commit.
pub(super) async fn watch_durability(bench: &Bench) {
    let schema = bench.schema();
    let make = format!(
        "CREATE TABLE {schema}.said (level text);
         CREATE FUNCTION {schema}.note() RETURNS trigger LANGUAGE plpgsql AS
         'BEGIN INSERT INTO {schema}.said VALUES (current_setting(''synchronous_commit''));
          RETURN NULL; END';
         CREATE CONSTRAINT TRIGGER note AFTER INSERT OR UPDATE ON {schema}.effects
         DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION {schema}.note()"
    );
    bench.client().await.batch_execute(&make).await.unwrap();
}

#[tokio::test]
async fn what_is_acknowledged_is_durable_whatever_its_sessions_say() {
    let Some(bench) = Bench::new() else { return };
    for (set, wanted) in [
        ("off", "on"),
        ("local", "on"),
        ("remote_write", "on"),
        ("remote_apply", "remote_apply"),
    ] {
        let schema = format!("{}_{set}", bench.schema());
        let pool = bench.pool_with(&format!("-c synchronous_commit={set}"));
        let options = PostgresEffectStore::options().schema(&schema);
        let store = options.with_pool(pool.clone()).await.unwrap();
        let bench = bench.renamed(schema);
        watch_durability(&bench).await;

        // A new record, an outcome, a takeover, a renewal, a release.
        let token = won(&store, 1).await;
        let doubt = Outcome::in_doubt(None);
        store.complete(&token, doubt).await.unwrap();
        let mut takeover = ClaimRequest::new(id(1), "test");
        takeover.takeover = Some(token.fence());
        let Claim::Won(token) = store.pending(&takeover).await.unwrap() else {
            panic!("it was in doubt")
        };
        let lease = retry_effects::store::DEFAULT_LEASE;
        store.renew(&token, lease).await.unwrap();
        store.release(&token).await.unwrap();

        let said = format!("SELECT level FROM {}.said", bench.schema());
        let said = bench.client().await.query(&said, &[]).await.unwrap();
        let said: Vec<String> = said.iter().map(|row| row.get(0)).collect();
        assert_eq!(said, [wanted; 5], "{set}");
        // And the pool's sessions are as they were.
        let show = "SHOW synchronous_commit";
        let after: String = pool
            .get()
            .await
            .unwrap()
            .query_one(show, &[])
            .await
            .unwrap()
            .get(0);
        assert_eq!(after, set);
    }
}

#[tokio::test]
async fn it_may_have_one_connection_and_no_clock() {
    let Some(bench) = Bench::new() else { return };
    let manager = Manager::new(bench.url().parse().unwrap(), NoTls);
    let pool = Pool::builder(manager).max_size(1).build().unwrap();
    let store = bench.options().with_pool(pool.clone()).await.unwrap();
    let token = won(&store, 1).await;
    store.complete(&token, success()).await.unwrap();
    // While nobody asks, none is in use.
    assert_eq!(pool.status().available, 1);
}

#[tokio::test]
async fn it_may_throw_away_what_was_prepared() {
    let Some(bench) = Bench::new() else { return };
    let recycled = ManagerConfig {
        recycling_method: RecyclingMethod::Custom("DISCARD ALL".into()),
    };
    let manager = Manager::from_config(bench.url().parse().unwrap(), NoTls, recycled);
    let pool = Pool::builder(manager).max_size(1).build().unwrap();
    let store = bench.options().with_pool(pool).await.unwrap();
    for number in 0..3 {
        let token = won(&store, number).await;
        store.complete(&token, success()).await.unwrap();
    }
}

/// As after a failover: a connection leads to what takes no writes any more, the next one does not.
#[tokio::test]
async fn a_connection_that_takes_no_writes_any_more_is_replaced() {
    let Some(bench) = Bench::new() else { return };
    let pool = bench.pool_of(1);
    let store = bench.options().with_pool(pool.clone()).await.unwrap();
    let demote = async || {
        let client = pool.get().await.unwrap();
        let set = "SET default_transaction_read_only = on";
        client.batch_execute(set).await.unwrap();
    };
    demote().await;
    let token = won(&store, 1).await;
    demote().await;
    store.complete(&token, success()).await.unwrap();
    assert!(matches!(
        store.resolve(id(1)).await.unwrap(),
        Resolved::Done(_)
    ));
}

#[tokio::test]
async fn a_pool_that_is_used_up_says_so_and_nothing_runs() {
    let Some(bench) = Bench::new() else { return };
    let pool = bench.pool_of(1);
    let store = bench.options().with_pool(pool.clone()).await.unwrap();
    let taken = pool.get().await.unwrap();
    let claim = store.pending(&ClaimRequest::new(id(1), "test")).await;
    let Err(StoreError::Unavailable { source, .. }) = claim else {
        panic!("{claim:?}")
    };
    assert!(source.to_string().contains("are in use"), "{source}");
    drop(taken);
    won(&store, 1).await;
}

#[tokio::test]
async fn its_own_settings_are_left_alone() {
    let Some(bench) = Bench::new() else { return };
    let pool = bench.pool_of(1);
    let settings = async || {
        let client = pool.get().await.unwrap();
        let all = "SELECT name, setting FROM pg_settings ORDER BY name";
        let all = client.query(all, &[]).await.unwrap();
        let pair = |row: &tokio_postgres::Row| (row.get(0), row.get(1));
        all.iter().map(pair).collect::<Vec<(String, String)>>()
    };
    let before = settings().await;
    let store = bench.options().with_pool(pool.clone()).await.unwrap();
    let token = won(&store, 1).await;
    store.complete(&token, success()).await.unwrap();
    assert_eq!(settings().await, before);
}

/// As a full disk makes it: what has run is still replayed, and at once.
#[tokio::test]
async fn a_server_that_takes_no_writes_replays_what_has_run() {
    let Some(server) = ThrowawayPostgres::start() else {
        return;
    };
    let store = PostgresEffectStore::connect(&server.url()).await.unwrap();
    let operator = client(&server.url()).await;
    let call = |key: u32| {
        let effect = Effect::new("read_only", &key).store(store.clone());
        async move { effect.run_async(|| async { Ok::<_, String>(key) }).await }
    };
    for key in 0..20 {
        assert_eq!(call(key).await, Ok(key));
    }
    let set = "ALTER SYSTEM SET default_transaction_read_only = on";
    operator.batch_execute(set).await.unwrap();
    operator
        .batch_execute("SELECT pg_reload_conf()")
        .await
        .unwrap();
    let show = "SHOW default_transaction_read_only";
    while operator
        .query_one(show, &[])
        .await
        .unwrap()
        .get::<_, &str>(0)
        != "on"
    {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let before = store.statements_sent();
    // Together, so that claims share a statement, too.
    let mut replays: JoinSet<_> = (0..20).map(call).collect();
    while let Some(replay) = replays.join_next().await {
        assert!(replay.unwrap().is_ok());
    }
    // A claim and a read each at most: none was sent again.
    assert!(store.statements_sent() - before <= 40);
}
