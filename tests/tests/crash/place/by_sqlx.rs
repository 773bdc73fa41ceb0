//! The application's transactions by sqlx, of both releases.

use std::path::Path;
use std::time::Duration;

use retry_effects::{SqliteEffectStore, StoreError, transaction};
use sqlx::SqliteConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};

use super::driver::Driver;
use super::{Moment, Order};
use crate::crash::failure::Failure;

/// The end of a transaction whose record is another one already: nothing is committed.
macro_rules! recorded_or_left {
    ($recorded:expr) => {
        match $recorded {
            Ok(()) => {}
            Err(StoreError::AlreadyDone { .. } | StoreError::LeaseLost { .. }) => return Ok(()),
            Err(StoreError::Unavailable { .. }) => return Err(Failure::NoAnswer),
            Err(error) => return Err(error.into()),
        }
    };
}

#[cfg(feature = "postgres")]
mod postgres {
    use retry_effects::{PostgresEffectStore, StoreError, transaction};

    use super::super::{Moment, Order};
    use crate::crash::failure::Failure;

    /// One connection: what is not given back is missed.
    const CONNECTIONS: u32 = 1;

    macro_rules! by {
        ($module:ident, $sqlx:ident) => {
            pub(super) mod $module {
                use $sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
                use $sqlx::{PgConnection, PgPool};

                use super::*;

                async fn pool(url: &str, schema: &str) -> Result<PgPool, Failure> {
                    let options = PgConnectOptions::new_without_pgpass()
                        .ssl_mode(PgSslMode::Disable)
                        .options([("search_path", schema)]);
                    let options = url.split(' ').fold(options, |options, word| {
                        match word.split_once('=').expect("a setting") {
                            ("host", folder) => options.socket(folder),
                            ("port", port) => options.port(port.parse().expect("a port")),
                            ("user", user) => options.username(user),
                            ("dbname", name) => options.database(name),
                            ("application_name", name) => options.application_name(name),
                            other => panic!("{other:?}"),
                        }
                    });
                    let pool = PgPoolOptions::new().max_connections(CONNECTIONS);
                    Ok(pool.connect_with(options).await?)
                }

                async fn insert(
                    connection: &mut PgConnection,
                    order: &Order,
                ) -> Result<(), $sqlx::Error> {
                    $sqlx::query("INSERT INTO orders VALUES ($1, $2, $3)")
                        .bind(order.number.cast_signed())
                        .bind(order.fence().number().cast_signed())
                        .bind(&*order.nonce)
                        .execute(connection)
                        .await
                        .map(drop)
                }

                pub(in super::super) async fn commit(
                    url: &str,
                    schema: &str,
                    store: &PostgresEffectStore,
                    order: &Order,
                    at: impl Fn(Moment),
                ) -> Result<(), Failure> {
                    let pool = pool(url, schema).await?;
                    let mut tx = pool.begin().await?;
                    insert(&mut tx, order).await?;
                    at(Moment::Written);
                    let recorded = store.complete_in(&mut tx, &order.token, order.outcome());
                    recorded_or_left!(recorded.await);
                    at(Moment::Recorded);
                    tx.commit().await?;
                    at(Moment::Committed);
                    Ok(())
                }

                pub(in super::super) async fn transact(
                    url: &str,
                    schema: &str,
                    order: &Order,
                    at: impl Fn(Moment) + Sync,
                ) -> Result<(), Failure> {
                    let pool = pool(url, schema).await?;
                    let nonce: String = transaction(&pool, |tx| {
                        let at = &at;
                        Box::pin(async move {
                            insert(tx, order).await?;
                            at(Moment::Written);
                            Ok::<_, Failure>(order.nonce.clone())
                        })
                    })
                    .await?;
                    assert_eq!(nonce, order.nonce);
                    at(Moment::Committed);
                    Ok(())
                }
            }
        };
    }

    by!(of_09, sqlx);
    by!(of_08, sqlx_08);
}

#[cfg(feature = "postgres")]
pub(super) async fn commit_in_postgres(
    driver: Driver,
    url: &str,
    schema: &str,
    store: &retry_effects::PostgresEffectStore,
    order: &Order,
    at: impl Fn(Moment) + Sync,
) -> Result<(), Failure> {
    use postgres::{of_08, of_09};
    match driver {
        Driver::Sqlx => of_09::commit(url, schema, store, order, at).await,
        Driver::Sqlx08 => of_08::commit(url, schema, store, order, at).await,
        Driver::Transaction => of_09::transact(url, schema, order, at).await,
        Driver::Transaction08 => of_08::transact(url, schema, order, at).await,
        Driver::Own | Driver::Statement => panic!("{driver} is not sqlx"),
    }
}

async fn insert(connection: &mut SqliteConnection, order: &Order) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT INTO orders VALUES (?1, ?2, ?3)")
        .bind(order.number.cast_signed())
        .bind(order.fence().number().cast_signed())
        .bind(&*order.nonce)
        .execute(connection)
        .await
        .map(drop)
}

pub(super) async fn commit_in_sqlite(
    driver: Driver,
    path: &Path,
    store: &SqliteEffectStore,
    order: &Order,
    at: impl Fn(Moment) + Sync,
) -> Result<(), Failure> {
    let patience = Duration::from_secs(30);
    let options = SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(patience);
    let pool = SqlitePoolOptions::new().max_connections(1);
    let pool = pool.connect_with(options).await?;
    if driver == Driver::Transaction {
        let nonce: String = transaction(&pool, |tx| {
            let at = &at;
            Box::pin(async move {
                insert(tx, order).await?;
                at(Moment::Written);
                Ok::<_, Failure>(order.nonce.clone())
            })
        })
        .await?;
        assert_eq!(nonce, order.nonce);
    } else {
        assert_eq!(driver, Driver::Sqlx);
        let mut tx = pool.begin_with("BEGIN IMMEDIATE").await?;
        insert(&mut tx, order).await?;
        at(Moment::Written);
        let recorded = store.complete_in_async(&mut tx, &order.token, order.outcome());
        recorded_or_left!(recorded.await);
        at(Moment::Recorded);
        tx.commit().await?;
    }
    at(Moment::Committed);
    Ok(())
}
