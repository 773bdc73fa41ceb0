//! The record and the caller's own writes in one commit.

use retry_effects::store::{Claim, ClaimRequest, Payload};
use retry_effects::{EffectStore, OnDoubt, Outcome, SqliteEffectStore, StoreError};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::bench::{Bench, id, result, success, wait, won};

fn orders(connection: &Connection) -> i64 {
    connection
        .query_row("SELECT count(*) FROM orders", [], |row| row.get(0))
        .unwrap()
}

fn with_order(connection: &mut Connection) -> Transaction<'_> {
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .unwrap();
    transaction
        .execute("INSERT INTO orders VALUES (7)", [])
        .unwrap();
    transaction
}

fn bench_with_orders() -> (Bench, SqliteEffectStore, Connection) {
    let bench = Bench::new();
    let store = bench.open();
    let connection = bench.raw();
    connection
        .execute_batch("CREATE TABLE orders (number INTEGER)")
        .unwrap();
    (bench, store, connection)
}

#[test]
fn both_are_committed_or_neither() {
    let (_bench, store, mut connection) = bench_with_orders();
    let token = won(&store, id(1));
    let transaction = with_order(&mut connection);
    SqliteEffectStore::complete_in(&transaction, &token, success("1")).unwrap();
    transaction.rollback().unwrap();
    assert_eq!((orders(&connection), result(&store, id(1))), (0, None));
    let transaction = with_order(&mut connection);
    SqliteEffectStore::complete_in(&transaction, &token, success("1")).unwrap();
    assert_eq!(result(&store, id(1)), None, "not before the commit");
    transaction.commit().unwrap();
    assert_eq!(
        (orders(&connection), result(&store, id(1)).as_deref()),
        (1, Some("1"))
    );
}

#[test]
fn a_second_commit_is_refused_to_the_same_claim_too() {
    let (_bench, store, mut connection) = bench_with_orders();
    for (number, outcome) in [success("1"), Outcome::Failed(Payload::new("1"))]
        .into_iter()
        .enumerate()
    {
        let id = id(number as u64);
        let token = won(&store, id);
        wait(store.complete(&token, outcome.clone())).unwrap();
        let transaction = with_order(&mut connection);
        let again = SqliteEffectStore::complete_in(&transaction, &token, outcome);
        let Err(StoreError::AlreadyDone { finished, .. }) = again else {
            panic!("{again:?}");
        };
        assert_eq!(
            (finished.fence, finished.payload.json()),
            (token.fence(), "1")
        );
        drop(transaction);
    }
    assert_eq!(orders(&connection), 0);
}

#[test]
fn a_claim_that_was_taken_over_commits_nothing() {
    let (bench, store, mut connection) = bench_with_orders();
    let late = won(&store, id(1));
    bench.advance(retry_effects::store::DEFAULT_LEASE);
    let mut takeover = ClaimRequest::new(id(1), "test");
    takeover.takeover = Some(late.fence());
    assert!(matches!(
        wait(store.pending(&takeover)).unwrap(),
        Claim::Won(_)
    ));
    let transaction = with_order(&mut connection);
    let lost = SqliteEffectStore::complete_in(&transaction, &late, success("1"));
    assert!(
        matches!(lost, Err(StoreError::LeaseLost { .. })),
        "{lost:?}"
    );
}

#[test]
fn a_claim_that_was_completed_by_its_successor_is_told_so() {
    let (_bench, store, mut connection) = bench_with_orders();
    let late = won(&store, id(1));
    wait(store.release(&late)).unwrap();
    let newer = won(&store, id(1));
    wait(store.complete(&newer, success("2"))).unwrap();
    let transaction = with_order(&mut connection);
    let done = SqliteEffectStore::complete_in(&transaction, &late, success("1"));
    assert!(
        matches!(done, Err(StoreError::AlreadyDone { .. })),
        "{done:?}"
    );
}

/// Otherwise the record would be committed by itself.
#[test]
fn a_transaction_that_a_statement_has_rolled_back_completes_nothing() {
    let (_bench, store, mut connection) = bench_with_orders();
    let unique = "CREATE UNIQUE INDEX numbers ON orders (number); INSERT INTO orders VALUES (8)";
    connection.execute_batch(unique).unwrap();
    let token = won(&store, id(1));
    let transaction = with_order(&mut connection);
    let again = transaction.execute("INSERT OR ROLLBACK INTO orders VALUES (8)", []);
    again.unwrap_err();
    let refused = SqliteEffectStore::complete_in(&transaction, &token, success("1"));
    let refused = refused.unwrap_err();
    assert!(refused.to_string().contains("rolled it back"), "{refused}");
    drop(transaction);
    assert_eq!((orders(&connection), result(&store, id(1))), (1, None));
}

#[test]
fn another_file_is_told_apart() {
    let (_bench, store, _connection) = bench_with_orders();
    let token = won(&store, id(1));
    let other = tempfile::tempdir().unwrap();
    let mut connection = Connection::open(other.path().join("other.db")).unwrap();
    let transaction = connection.transaction().unwrap();
    let error = SqliteEffectStore::complete_in(&transaction, &token, success("1")).unwrap_err();
    assert!(
        error.to_string().contains("holds no effect store"),
        "{error}"
    );
}

#[test]
fn a_body_that_finds_it_done_has_no_other_attempt() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.db");
    let store = SqliteEffectStore::open(&path).unwrap();
    let mut ran = 0;
    let outcome: Result<u32, String> = retry_effects::Effect::new("charge", &42)
        .store(&store)
        // The commit has a fence: a second attempt cannot commit again.
        .in_doubt(OnDoubt::Reexecute)
        .retry(retry_core::Retry::new(retry_core::RetryPolicy::new(5)))
        .run(|| {
            ran += 1;
            let action = retry_effects::current_action().expect("a gated body");
            let mut connection = Connection::open(&path).unwrap();
            let transaction = connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .unwrap();
            let outcome = Outcome::success(&7).unwrap();
            SqliteEffectStore::complete_in(&transaction, &action.token(), outcome)
                .map_err(|error| error.to_string())?;
            transaction.commit().unwrap();
            Err("the server is busy".to_owned())
        });
    assert_eq!(outcome, Ok(7));
    assert_eq!(ran, 2);
}

/// Writes of a transaction that was never committed have not happened, whatever its body returns.
#[test]
fn a_result_whose_transaction_was_not_committed_is_not_recorded() {
    let (bench, store, _connection) = bench_with_orders();
    let mut ran = 0;
    let mut pay = |commits: bool| {
        retry_effects::Effect::new("charge", &42)
            .store(&store)
            .in_doubt(OnDoubt::Reexecute)
            .run(|| {
                ran += 1;
                let action = retry_effects::current_action().expect("a gated body");
                let mut connection = bench.raw();
                let transaction = with_order(&mut connection);
                let outcome = Outcome::success(&7).unwrap();
                SqliteEffectStore::complete_in(&transaction, &action.token(), outcome)
                    .map_err(|error| error.to_string())?;
                if commits {
                    transaction.commit().unwrap();
                }
                Ok::<_, String>(7)
            })
    };
    let said = pay(false).unwrap_err();
    assert!(said.contains("in doubt"), "{said}");
    assert_eq!((pay(true), pay(true)), (Ok(7), Ok(7)));
    assert_eq!(ran, 2);
    assert_eq!(orders(&bench.raw()), 1);
}

#[test]
fn a_committed_result_is_returned_though_it_is_too_large_for_the_gate() {
    let (_bench, store, mut connection) = bench_with_orders();
    let large = "x".repeat(retry_effects::store::MAX_PAYLOAD_LEN);
    let mut call = || {
        retry_effects::Effect::new("order", &7)
            .store(&store)
            .run(|| {
                let action = retry_effects::current_action().expect("a gated body");
                let transaction = with_order(&mut connection);
                let recorded = Payload::new(format!("{large:?}"));
                let outcome = Outcome::Success(recorded);
                SqliteEffectStore::complete_in(&transaction, &action.token(), outcome)
                    .map_err(|error| error.to_string())?;
                transaction.commit().map_err(|error| error.to_string())?;
                Ok::<_, String>(large.clone())
            })
    };
    assert_eq!(call().map(|it| it.len()), Ok(large.len()));
    assert_eq!(call().map(|it| it.len()), Ok(large.len()));
    assert_eq!(orders(&connection), 1);
}
