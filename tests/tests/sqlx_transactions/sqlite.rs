//! SQLite, by sqlx 0.9.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use retry_effects::{
    Effect, EffectError, OnDoubt, Outcome, SqliteEffectStore, StoreError, TransactionError,
    transaction,
};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{Connection, SqliteConnection, SqlitePool};
use tempfile::TempDir;
use tokio::sync::oneshot;

use super::bench::{result, won};
use super::errors::Derived;

struct Shop {
    _folder: TempDir,
    path: PathBuf,
    store: SqliteEffectStore,
    pool: SqlitePool,
}

/// The application's connections: one, which waits for others' locks.
async fn pool(path: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(Duration::from_secs(30));
    let one = SqlitePoolOptions::new().max_connections(1);
    one.connect_with(options).await.unwrap()
}

impl Shop {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("shop.db");
        let store = SqliteEffectStore::open(&path).unwrap();
        let pool = pool(&path).await;
        let orders = "CREATE TABLE orders (number INTEGER PRIMARY KEY ON CONFLICT ROLLBACK)";
        sqlx::query(orders).execute(&pool).await.unwrap();
        Self {
            _folder: folder,
            path,
            store,
            pool,
        }
    }

    fn effect(&self) -> Effect {
        Effect::new("order", &1)
            .store(&self.store)
            .in_doubt(OnDoubt::Reexecute)
    }

    async fn orders(&self) -> i64 {
        let count = sqlx::query_scalar("SELECT count(*) FROM orders");
        count.fetch_one(&self.pool).await.unwrap()
    }
}

async fn order(connection: &mut SqliteConnection, number: i64) -> Result<(), sqlx::Error> {
    let insert = sqlx::query("INSERT INTO orders VALUES (?1)").bind(number);
    insert.execute(connection).await.map(drop)
}

#[tokio::test]
async fn both_are_committed_or_neither_and_not_twice() {
    let shop = Shop::open().await;
    let token = won(&shop.store, 1).await;
    let success = || Outcome::success(&1).unwrap();
    for (commits, rows, recorded) in [(false, 0, None), (true, 1, Some("1"))] {
        let mut tx = shop.pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
        order(&mut tx, 7).await.unwrap();
        let completed = shop.store.complete_in_async(&mut tx, &token, success());
        completed.await.unwrap();
        assert_eq!(result(&shop.store, 1).await, None, "not before the commit");
        if commits {
            tx.commit().await.unwrap();
        } else {
            tx.rollback().await.unwrap();
        }
        assert_eq!(shop.orders().await, rows);
        assert_eq!(result(&shop.store, 1).await.as_deref(), recorded);
    }
    let mut tx = shop.pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let again = shop
        .store
        .complete_in_async(&mut tx, &token, success())
        .await;
    assert!(
        matches!(again, Err(StoreError::AlreadyDone { .. })),
        "{again:?}"
    );
}

#[tokio::test]
async fn the_value_of_a_gated_transaction_is_recorded_and_replayed() {
    let shop = Shop::open().await;
    let ran = AtomicU32::new(0);
    for _ in 0..2 {
        let body = || {
            transaction(&shop.pool, |tx| {
                ran.fetch_add(1, Ordering::SeqCst);
                Box::pin(async move {
                    order(tx, 7).await?;
                    Ok::<_, Derived>("receipt 7".to_owned())
                })
            })
        };
        let receipt = shop.effect().run_async(body).await.unwrap();
        assert_eq!(receipt, "receipt 7");
    }
    assert_eq!((ran.into_inner(), shop.orders().await), (1, 1));
}

#[tokio::test]
async fn the_bodys_error_rolls_back_and_is_passed_on() {
    let shop = Shop::open().await;
    let refused = transaction(&shop.pool, |tx| {
        Box::pin(async move {
            order(tx, 7).await?;
            Err::<(), _>(Derived::Refused)
        })
    });
    let refused = refused.await;
    assert!(matches!(refused, Err(Derived::Refused)), "{refused:?}");
    assert_eq!(shop.orders().await, 0);
}

/// A transaction that takes the lock only with its first write would fail, if it has read before and the
/// other one has written since.
#[tokio::test]
async fn two_that_read_before_they_write_take_turns() {
    let shop = Shop::open().await;
    let other = pool(&shop.path).await;
    let (begun, has_begun) = oneshot::channel::<()>();
    let (go_on, goes_on) = oneshot::channel::<()>();
    let first = transaction(&shop.pool, |tx| {
        Box::pin(async move {
            let count = sqlx::query_scalar("SELECT count(*) FROM orders");
            let count: i64 = count.fetch_one(&mut **tx).await?;
            begun.send(()).unwrap();
            goes_on.await.unwrap();
            order(tx, 1).await?;
            Ok::<_, Derived>(count)
        })
    });
    let second = async {
        has_begun.await.unwrap();
        // It holds the lock already.
        let impatient = SqliteConnectOptions::new()
            .filename(&shop.path)
            .busy_timeout(Duration::ZERO);
        let mut impatient = SqliteConnection::connect_with(&impatient).await.unwrap();
        let locked = sqlx::query("BEGIN IMMEDIATE").execute(&mut impatient);
        locked.await.unwrap_err();
        go_on.send(()).unwrap();
        let second = transaction(&other, |tx| {
            Box::pin(async move {
                let count = sqlx::query_scalar("SELECT count(*) FROM orders");
                let count: i64 = count.fetch_one(&mut **tx).await?;
                order(tx, 2).await?;
                Ok::<_, Derived>(count)
            })
        });
        second.await
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!((first.unwrap(), second.unwrap()), (0, 1));
    assert_eq!(shop.orders().await, 2);
}

/// The statement has rolled the transaction back: what follows would be committed by itself, the record
/// too.
#[tokio::test]
async fn a_rollback_that_the_body_takes_for_harmless_is_none() {
    let shop = Shop::open().await;
    sqlx::query("INSERT INTO orders VALUES (7)")
        .execute(&shop.pool)
        .await
        .unwrap();
    let body = || {
        transaction(&shop.pool, |tx| {
            Box::pin(async move {
                order(tx, 8).await?;
                order(tx, 7).await.unwrap_err();
                Ok::<_, Derived>(7)
            })
        })
    };
    // Passed on, it leaves the connection as it was, too.
    for _ in 0..2 {
        let refused = transaction(&shop.pool, |tx| {
            Box::pin(async move { Ok::<_, Derived>(order(tx, 7).await?) })
        });
        let refused = refused.await;
        assert!(matches!(refused, Err(Derived::Sqlx(_))), "{refused:?}");
    }
    for failed in [body().await, shop.effect().run_async(body).await] {
        assert!(
            matches!(
                failed,
                Err(Derived::Transaction(TransactionError::EndedEarly))
            ),
            "{failed:?}"
        );
    }
    assert_eq!(
        (shop.orders().await, result(&shop.store, 1).await),
        (1, None)
    );
}

#[tokio::test]
async fn another_file_is_told_apart() {
    let (shop, other) = (Shop::open().await, tempfile::tempdir().unwrap());
    let token = won(&shop.store, 1).await;
    let options = SqliteConnectOptions::new()
        .filename(other.path().join("other.db"))
        .create_if_missing(true);
    let elsewhere = SqlitePool::connect_with(options).await.unwrap();
    let mut tx = elsewhere.begin().await.unwrap();
    let outcome = Outcome::success(&1).unwrap();
    let refused = shop.store.complete_in_async(&mut tx, &token, outcome).await;
    let refused = refused.unwrap_err();
    assert!(
        matches!(refused, StoreError::Misconfigured { .. }),
        "{refused:?}"
    );
    drop(tx);
    let other = SqliteEffectStore::open(other.path().join("other.db")).unwrap();
    drop(other);
    let mut tx = elsewhere.begin().await.unwrap();
    let outcome = Outcome::success(&1).unwrap();
    let refused = shop.store.complete_in_async(&mut tx, &token, outcome).await;
    let refused = refused.unwrap_err();
    assert!(
        refused.to_string().contains("another database"),
        "{refused}"
    );
}

/// A function of somebody else's, which knows nothing of the gate: its row is not the result.
#[tokio::test]
async fn a_transaction_of_another_type_is_refused_before_it_begins() {
    let shop = Shop::open().await;
    let body = || async {
        let audit = |number| {
            transaction(&shop.pool, move |tx| {
                Box::pin(async move { Ok::<_, Derived>(order(tx, number).await.map(|()| number)?) })
            })
        };
        let number: i64 = audit(7).await?;
        Ok::<_, Derived>(format!("charged after {number}"))
    };
    let error = shop.effect().run_async(body).await.expect_err("refused");
    let text = error.to_string();
    assert!(
        text.contains("as the result of order, alloc::string::String; it is i64"),
        "{text}"
    );
    assert_eq!(shop.orders().await, 0);
    assert_eq!(result(&shop.store, 1).await, None);
}

#[tokio::test]
async fn a_second_transaction_is_refused_before_it_begins() {
    let shop = Shop::open().await;
    let recorder = retry_core::testing::Recorder::install();
    let insert = |number: i64| {
        transaction(&shop.pool, move |tx| {
            Box::pin(async move { Ok::<_, Derived>(order(tx, number).await.map(|()| number)?) })
        })
    };
    let body = || async {
        insert(1).await?;
        insert(2).await
    };
    // The first one has recorded the result.
    assert_eq!(shop.effect().run_async(body).await.unwrap(), 1);
    assert_eq!(shop.orders().await, 1);
    let messages = recorder.messages();
    let refused =
        |line: &String| line.starts_with("ERROR Not begun: a transaction in the body of order");
    assert!(messages.iter().any(refused), "{messages:?}");
}

/// The statements behind the failed one are committed, each by itself.
#[tokio::test]
async fn a_transaction_that_a_statement_has_ended_is_final_and_unknown() {
    let shop = Shop::open().await;
    let transfer = |is_passed_on: bool| {
        transaction(&shop.pool, move |tx| {
            Box::pin(async move {
                order(tx, 1).await?;
                let twice = order(tx, 1).await.expect_err("ON CONFLICT ROLLBACK");
                order(tx, 2).await?;
                if is_passed_on {
                    Err(twice.into())
                } else {
                    Ok::<_, TransactionError>(7)
                }
            })
        })
    };
    let error = transfer(false).await.expect_err("it has ended");
    assert!(matches!(error, TransactionError::EndedEarly), "{error}");
    let judged = retry_core::Classify::classify(&error);
    assert_eq!(judged.verdict(), retry_core::Verdict::Stop);
    assert!(!judged.is_not_applied());
    assert_eq!(shop.orders().await, 1, "the last statement alone");

    // Under the gate neither end is a proof that nothing happened.
    for (key, is_passed_on) in [(1, true), (2, false)] {
        sqlx::query("DELETE FROM orders")
            .execute(&shop.pool)
            .await
            .unwrap();
        let effect = || Effect::new("order", &key).store(&shop.store);
        assert!(effect().run_async(|| transfer(is_passed_on)).await.is_err());
        let again = effect().run_async(|| transfer(is_passed_on)).await;
        let Err(TransactionError::Gate(EffectError::InDoubt { .. })) = again else {
            panic!("{is_passed_on}: {again:?}");
        };
        assert_eq!(shop.orders().await, 1, "{is_passed_on}");
    }
}

/// sqlx's count of such a connection's transactions is wrong.
#[tokio::test]
async fn a_body_that_is_dropped_in_an_ended_transaction_leaves_the_pool_usable() {
    let shop = Shop::open().await;
    let (ended, has_ended) = oneshot::channel();
    let dropped = transaction(&shop.pool, |tx| {
        Box::pin(async move {
            order(tx, 1).await?;
            let _ = order(tx, 1).await;
            let _ = ended.send(());
            std::future::pending::<Result<(), TransactionError>>().await
        })
    });
    tokio::select! {
        _ = dropped => unreachable!("it waits for ever"),
        _ = has_ended => {}
    }
    let insert = transaction(&shop.pool, |tx| {
        Box::pin(async move { Ok::<_, TransactionError>(order(tx, 3).await?) })
    });
    insert.await.expect("another connection");
    assert_eq!(shop.orders().await, 1);
}

/// The same without sqlx. An error that states *not applied* states nothing about the statements that were committed
/// one by one.
#[tokio::test]
async fn an_ended_transaction_of_rusqlite_is_no_proof_either() {
    use retry_effects::rusqlite::{Connection, TransactionBehavior};

    let shop = Shop::open().await;
    let pay = || {
        Effect::new("order", &1).store(&shop.store).run(|| {
            let mut connection = Connection::open(&shop.path).expect("the file");
            let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate);
            let tx = tx.expect("nobody else writes");
            let insert = |number: i64| tx.execute("INSERT INTO orders VALUES (?1)", [number]);
            insert(1).expect("a new one");
            insert(1).expect_err("ON CONFLICT ROLLBACK");
            insert(2).expect("committed by itself");
            let token = retry_effects::current_action()
                .expect("a gated body")
                .token();
            let outcome = Outcome::success(&7).expect("a number");
            let refused = SqliteEffectStore::complete_in(&tx, &token, outcome);
            assert!(
                matches!(refused, Err(StoreError::Unavailable { .. })),
                "{refused:?}"
            );
            Err::<i64, _>(Derived::Refused)
        })
    };
    assert!(matches!(pay(), Err(Derived::Refused)));
    let again = pay();
    assert!(
        matches!(again, Err(Derived::Effect(EffectError::InDoubt { .. }))),
        "{again:?}"
    );
    assert_eq!(shop.orders().await, 1);
}
