//! [`Completion`] by drivers that know only SQL: what it writes is what the store's own `complete` writes.

use std::sync::atomic::{AtomicU32, Ordering};

use retry_effects::store::{Completion, Dialect, Payload, SqlParam, Status};
use retry_effects::{
    Effect, EffectStore, InMemoryEffectStore, OnDoubt, Outcome, Reason, Record, SqliteEffectStore,
    StoreError, current_action,
};
use tokio_postgres::types::ToSql;

use super::bench::{Bench, id, won};

/// Results with whatever a driver could take for something else, one that is large, one that is no JSON.
fn outcomes() -> Vec<Outcome> {
    let hostile = "nul \u{0} quotes ' \" \\ $1 ?1 ; -- % {} \u{1F600} \r\n";
    vec![
        Outcome::success(&hostile).unwrap(),
        Outcome::success(&()).unwrap(),
        Outcome::success(&f64::NAN).unwrap(),
        Outcome::success(&"x".repeat(1 << 20)).unwrap(),
        Outcome::Failed(Payload::new("\"declined\"")),
        Outcome::in_doubt(Some(Reason::new("no answer"))),
        Outcome::applied(None),
    ]
}

/// The record without what differs between two actions.
fn essence(record: &Record) -> impl PartialEq + std::fmt::Debug {
    (
        record.status,
        record.payload.clone(),
        record.applied,
        record.reason.clone().map(|reason| reason.to_string()),
        record.completed_at.is_some(),
        record.renewals,
    )
}

/// Compares what `execute` writes with what the store itself writes.
async fn is_written_as_by_the_store(
    store: &dyn EffectStore,
    dialect: Dialect,
    execute: impl AsyncFn(&Completion) -> u64,
) {
    for (number, outcome) in (0..).zip(outcomes()) {
        let (own, by_sql) = (
            won(store, 2 * number).await,
            won(store, 2 * number + 1).await,
        );
        store.complete(&own, outcome.clone()).await.unwrap();
        let completion = store.completion(&by_sql, &outcome).unwrap();
        assert_eq!(completion.dialect(), dialect);
        assert_eq!(execute(&completion).await, 1, "{outcome:?}");
        let [own, by_sql] = [own, by_sql].map(|token| token.id());
        let own = store.get(own).await.unwrap().unwrap();
        let by_sql = store.get(by_sql).await.unwrap().unwrap();
        assert_eq!(essence(&own), essence(&by_sql), "{outcome:?}");
        // A second time it finds no open claim of its owner.
        assert_eq!(execute(&completion).await, 0, "{outcome:?}");
    }
    // Late, over a doubt that nobody has taken over; nothing less than an end changes it.
    let late = won(store, 100).await;
    let applied = Outcome::applied(Some(Reason::new("it happened")));
    store.complete(&late, applied).await.unwrap();
    for (outcome, rows, status) in [
        (Outcome::in_doubt(None), 0, Status::InDoubt),
        (Outcome::success(&7).unwrap(), 1, Status::Success),
    ] {
        let completion = store.completion(&late, &outcome).unwrap();
        assert_eq!(execute(&completion).await, rows);
        let record = store.get(id(100)).await.unwrap().unwrap();
        assert_eq!(record.status, status);
    }
    let released = won(store, 101).await;
    store.release(&released).await.unwrap();
    let success = Outcome::success(&7).unwrap();
    let completion = store.completion(&released, &success).unwrap();
    assert_eq!(execute(&completion).await, 0, "another may run it");
    let newer = won(store, 101).await;
    assert_eq!(execute(&completion).await, 0, "another has it");
    let completion = store.completion(&newer, &success).unwrap();
    assert_eq!(execute(&completion).await, 1);
}

#[tokio::test]
async fn postgres_writes_what_the_store_writes() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    let (store, client) = (bench.store().await, bench.client().await);
    let execute = async |completion: &Completion| {
        let params: Vec<_> = completion.params().iter().map(in_postgres).collect();
        client.execute(completion.sql(), &params).await.unwrap()
    };
    is_written_as_by_the_store(&store, Dialect::Postgres, execute).await;
}

#[tokio::test]
async fn sqlite_writes_what_the_store_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("effects.db");
    let store = SqliteEffectStore::open(&path).unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    let execute = async |completion: &Completion| {
        let params = completion.params().iter().map(|param| match param {
            SqlParam::Bytes(bytes) => bytes as &dyn rusqlite::ToSql,
            SqlParam::Integer(number) => number,
            SqlParam::Text(text) => text,
        });
        let params: Vec<_> = params.collect();
        connection.execute(completion.sql(), &params[..]).unwrap() as u64
    };
    is_written_as_by_the_store(&store, Dialect::Sqlite, execute).await;
}

/// Tables of a newer version may have another meaning.
#[tokio::test]
async fn sqlite_writes_nothing_into_tables_of_a_newer_version() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("effects.db");
    let store = SqliteEffectStore::open(&path).unwrap();
    let token = won(&store, 1).await;
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute("UPDATE effect_store SET version = 3", [])
        .unwrap();
    let completion = store.completion(&token, &Outcome::success(&7).unwrap());
    let completion = completion.unwrap();
    let params = completion.params().iter().map(|param| match param {
        SqlParam::Bytes(bytes) => bytes as &dyn rusqlite::ToSql,
        SqlParam::Integer(number) => number,
        SqlParam::Text(text) => text,
    });
    let params: Vec<_> = params.collect();
    assert_eq!(
        connection.execute(completion.sql(), &params[..]).unwrap(),
        0
    );
}

fn in_postgres(param: &SqlParam) -> &(dyn ToSql + Sync) {
    match param {
        SqlParam::Bytes(bytes) => bytes,
        SqlParam::Integer(number) => number,
        SqlParam::Text(text) => text,
    }
}

#[tokio::test]
async fn a_store_without_sql_says_so() {
    let store = InMemoryEffectStore::new();
    let token = won(&store, 1).await;
    let refused = store.completion(&token, &Outcome::success(&7).unwrap());
    let refused = refused.unwrap_err();
    assert!(
        matches!(refused, StoreError::Misconfigured { .. }),
        "{refused:?}"
    );
    assert!(refused.to_string().contains("memory"), "{refused}");
}

/// The recorded result is returned, and no third attempt runs.
#[tokio::test]
async fn a_body_whose_completion_finds_it_done_returns_the_record() {
    let Some(bench) = Bench::new().await else {
        return;
    };
    let store = bench.store().await;
    let ran = AtomicU32::new(0);
    let policy = retry_core::RetryPolicy::new(5).with_backoff_ms(1);
    let outcome: Result<u32, String> = Effect::new("charge", &42)
        .store(&store)
        .in_doubt(OnDoubt::Reexecute)
        .retry(retry_core::Retry::new(policy))
        .run_async(|| async {
            let run = ran.fetch_add(1, Ordering::SeqCst);
            let action = current_action().expect("a gated body");
            let mut client = bench.client().await;
            let transaction = client.transaction().await.unwrap();
            let insert = "INSERT INTO orders VALUES (7)";
            transaction.batch_execute(insert).await.unwrap();
            let outcome = Outcome::success(&run).unwrap();
            let completion = action.completion(&outcome).unwrap();
            let params: Vec<_> = completion.params().iter().map(in_postgres).collect();
            let rows = transaction
                .execute(completion.sql(), &params)
                .await
                .unwrap();
            action
                .completed_in(rows)
                .map_err(|error| error.to_string())?;
            transaction.commit().await.unwrap();
            Err("the server is busy".to_owned())
        })
        .await;
    assert_eq!((outcome, ran.into_inner()), (Ok(0), 2));
    assert_eq!(bench.orders().await, 1);
}
