//! SQLite, by sqlx 0.9.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use retry_effects::{
    Effect, OnDoubt, Outcome, SqliteEffectStore, StoreError, TransactionError, transaction,
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
        let Err(Derived::Transaction(TransactionError::Store(error))) = failed else {
            panic!("{failed:?}");
        };
        assert!(error.to_string().contains("rolled it back"), "{error}");
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
