//! [`TransactionPool`]: the pools on which `transaction` begins.

use super::driver::{self, Driver};

/// A pool of connections on which [`transaction`](fn@crate::transaction) begins.
///
/// | pool | features |
/// |---|---|
/// | `sqlx::PgPool` of 0.9 | `sqlx-postgres` |
/// | `sqlx::SqlitePool` of 0.9 | `sqlx-sqlite` |
/// | `sqlx::PgPool` of 0.8 | `sqlx-08` |
///
/// No other type implements it: not a pool of `Any` or `MySQL`, whose database has no store, and not a single
/// connection, which may be in a transaction already.
#[diagnostic::on_unimplemented(
    message = "`transaction` does not begin on `{Self}`",
    label = "no pool of a database that has an effect store",
    note = "it takes `&sqlx::PgPool` and `&sqlx::SqlitePool` of sqlx 0.9 (features \
            `sqlx-postgres` and `sqlx-sqlite`) and `&sqlx::PgPool` of 0.8 (feature `sqlx-08`)",
    note = "with another driver, run `CurrentAction::completion` in a transaction of your own"
)]
pub trait TransactionPool: Sized + Sync {
    #[doc(hidden)]
    type Driver: Driver<Pool = Self>;
}

/// The transaction on a connection of a pool: `sqlx::Transaction<'env, Postgres>` for `sqlx::PgPool`, and so on.
///
/// The lifetime is that of what the body borrows from its surroundings.
pub type PoolTransaction<'env, P> = <<P as TransactionPool>::Driver as Driver>::Transaction<'env>;

macro_rules! pools {
    ($($(#[$when:meta])* $sqlx:ident::$database:ident by $driver:ident;)*) => {$(
        $(#[$when])*
        impl TransactionPool for $sqlx::Pool<$sqlx::$database> {
            type Driver = driver::$driver;
        }
    )*};
}

pools! {
    #[cfg(feature = "sqlx-postgres")]
    sqlx::Postgres by Postgres;
    #[cfg(feature = "sqlx-sqlite")]
    sqlx::Sqlite by Sqlite;
    #[cfg(feature = "sqlx-08")]
    sqlx_08::Postgres by Postgres08;
}
