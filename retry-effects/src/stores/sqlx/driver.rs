//! [`Driver`]: a database of a release of sqlx. One macro writes all of them.

use std::borrow::Cow;
use std::error::Error;
use std::future::Future;
use std::ops::DerefMut;
use std::pin::Pin;

use retry_core::Classify;

#[cfg(any(feature = "sqlx-postgres", feature = "sqlx-08"))]
use crate::protocol::completion::{BEGIN_MARKED, IS_MARKED};
use crate::protocol::completion::{Completion, Dialect, SqlParam};

/// A future of a driver. Boxed: Rust 1.89 does not see that an opaque one with these lifetimes may move
/// between threads (<https://github.com/rust-lang/rust/issues/100013>).
pub(crate) type Boxed<'t, T> = Pin<Box<dyn Future<Output = T> + Send + 't>>;

/// A database of a release of sqlx.
pub trait Driver: 'static {
    /// A pool of connections.
    type Pool: Sync;
    /// A connection.
    type Connection: Send;
    /// A transaction on a connection of the pool.
    type Transaction<'env>: DerefMut<Target = Self::Connection> + Send;
    /// An error of the driver or of the database.
    type Error: Classify + Error + Send + Sync + 'static;

    /// The SQL of the database.
    const DIALECT: Dialect;

    /// Begins a transaction: in SQLite one that writes (one that has read first could find that it can no
    /// longer write), in Postgres one that bears a mark.
    fn begin<'p, 'env>(
        pool: &'p Self::Pool,
    ) -> Boxed<'p, Result<Self::Transaction<'env>, Self::Error>>;

    /// Executes a completion; returns the number of rows that it has affected.
    fn execute<'c>(
        connection: &'c mut Self::Connection,
        completion: &'c Completion,
    ) -> Boxed<'c, Result<u64, Self::Error>>;

    /// Whether the connection is in the transaction that was begun, and it can be committed. A failed statement ends or
    /// spoils a transaction also where its caller takes the error for harmless, and a caller's own COMMIT ends it; the
    /// driver does not notice, and the server answers a COMMIT then without an error. It is an error in a transaction
    /// of Postgres that has failed. One of SQLite that was ended is begun anew: the driver could not roll it back
    /// otherwise.
    fn is_open(connection: &mut Self::Connection) -> Boxed<'_, Result<bool, Self::Error>>;

    /// Commits.
    fn commit(transaction: Self::Transaction<'_>) -> Boxed<'_, Result<(), Self::Error>>;

    /// Rolls back.
    fn rollback(transaction: Self::Transaction<'_>) -> Boxed<'_, Result<(), Self::Error>>;

    /// Returns the database's code of an error that the database has answered.
    fn code(error: &Self::Error) -> Option<Cow<'_, str>>;
}

macro_rules! driver {
    (
        $(#[$about:meta])*
        $driver:ident: $sqlx:ident::$database:ident in $dialect:ident,
        begin: |$pool:ident| $begin:expr,
        query: |$completion:ident| $query:expr,
        is_open: |$connection:ident| $is_open:expr,
    ) => {
        $(#[$about])*
        #[derive(Debug)]
        pub enum $driver {}

        impl Driver for $driver {
            type Pool = $sqlx::Pool<$sqlx::$database>;
            type Connection = <$sqlx::$database as $sqlx::Database>::Connection;
            type Transaction<'env> = $sqlx::Transaction<'env, $sqlx::$database>;
            type Error = $sqlx::Error;

            const DIALECT: Dialect = Dialect::$dialect;

            fn begin<'p, 'env>(
                $pool: &'p Self::Pool,
            ) -> Boxed<'p, Result<Self::Transaction<'env>, Self::Error>> {
                Box::pin(async move { $begin.await })
            }

            fn execute<'c>(
                connection: &'c mut Self::Connection,
                $completion: &'c Completion,
            ) -> Boxed<'c, Result<u64, Self::Error>> {
                Box::pin(async move {
                    let mut query = $query;
                    for param in $completion.params() {
                        query = match param {
                            SqlParam::Bytes(bytes) => query.bind(&bytes[..]),
                            SqlParam::Integer(number) => query.bind(*number),
                            SqlParam::Text(text) => query.bind(&**text),
                        };
                    }
                    let done = query.execute(connection).await?;
                    Ok(done.rows_affected())
                })
            }

            fn is_open($connection: &mut Self::Connection) -> Boxed<'_, Result<bool, Self::Error>> {
                use $sqlx::Executor;
                Box::pin(async move { $is_open })
            }

            fn commit(transaction: Self::Transaction<'_>) -> Boxed<'_, Result<(), Self::Error>> {
                Box::pin(transaction.commit())
            }

            fn rollback(transaction: Self::Transaction<'_>) -> Boxed<'_, Result<(), Self::Error>> {
                Box::pin(transaction.rollback())
            }

            fn code(error: &Self::Error) -> Option<Cow<'_, str>> {
                let answer = error.as_database_error()?;
                Some(answer.code().unwrap_or_default())
            }
        }
    };
}

#[cfg(feature = "sqlx-postgres")]
driver! {
    /// Postgres, by sqlx 0.9.
    Postgres: sqlx::Postgres in Postgres,
    begin: |pool| pool.begin_with(BEGIN_MARKED),
    query: |completion| sqlx::query::<sqlx::Postgres>(sqlx::AssertSqlSafe(completion.shared_sql())),
    is_open: |connection| Ok(connection.execute(IS_MARKED).await?.rows_affected() == 1),
}

#[cfg(feature = "sqlx-08")]
driver! {
    /// Postgres, by sqlx 0.8.
    Postgres08: sqlx_08::Postgres in Postgres,
    begin: |pool| pool.begin_with(BEGIN_MARKED),
    query: |completion| sqlx_08::query::<sqlx_08::Postgres>(completion.sql()),
    is_open: |connection| Ok(connection.execute(IS_MARKED).await?.rows_affected() == 1),
}

#[cfg(feature = "sqlx-sqlite")]
driver! {
    /// SQLite, by sqlx 0.9.
    Sqlite: sqlx::Sqlite in Sqlite,
    begin: |pool| begin_immediate(pool),
    query: |completion| sqlx::query::<sqlx::Sqlite>(sqlx::AssertSqlSafe(completion.shared_sql())),
    // Some errors roll back the whole transaction, and later statements would commit each by itself. There is
    // no other question that sqlx passes on: SQLite refuses a BEGIN in a transaction, without an effect. One that
    // succeeds is needed: sqlx counts transactions, and a failed ROLLBACK would leave its count wrong for as long as
    // the pool keeps the connection.
    is_open: |connection| match connection.execute("BEGIN").await {
        Err(error) if error.as_database_error().is_some() => Ok(true),
        Err(error) => Err(error),
        Ok(_) => Ok(false),
    },
}

/// Begins a transaction that writes.
///
/// A body that is dropped after a statement has ended its transaction leaves sqlx's count of transactions wrong, and
/// a connection with such a count begins none any more: it is closed, and another one is taken.
#[cfg(feature = "sqlx-sqlite")]
async fn begin_immediate<'env>(
    pool: &sqlx::SqlitePool,
) -> Result<sqlx::Transaction<'env, sqlx::Sqlite>, sqlx::Error> {
    for _ in 0..pool.size() {
        match pool.begin_with("BEGIN IMMEDIATE").await {
            Err(sqlx::Error::InvalidSavePointStatement) => pool.acquire().await?.close().await?,
            begun => return begun,
        }
    }
    pool.begin_with("BEGIN IMMEDIATE").await
}
