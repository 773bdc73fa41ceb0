//! Completion of a record in a transaction of the user's.

use std::sync::Arc;

use tokio_postgres::Transaction;
use tokio_postgres::types::Type;

#[cfg(any(feature = "sqlx-postgres", feature = "sqlx-08"))]
use crate::stores::sqlx::{complete::complete as complete_by_sqlx, driver};

use super::columns::{Columns, Sent};
use super::error::Trouble;
use super::row;
use super::server::Server;
use crate::protocol::ids::Token;
use crate::protocol::operation::{Next, Operation, Step, Write};
use crate::protocol::outcome::Outcome;
use crate::protocol::store::EffectStore;
use crate::protocol::store_error::StoreError;

/// A transaction in which [`PostgresEffectStore::complete_in`](crate::PostgresEffectStore::complete_in) records an
/// outcome: of tokio-postgres, of deadpool-postgres, of sqlx 0.9 (feature `sqlx-postgres`) and of sqlx 0.8 (`sqlx-08`).
///
/// No other type implements it: a connection need not be in a transaction. Of another driver, run
/// [`EffectStore::completion`] in the transaction.
#[diagnostic::on_unimplemented(
    message = "`complete_in` does not take `{Self}`",
    label = "no transaction of a known driver",
    note = "it takes `&mut` to a `Transaction` of tokio-postgres, of deadpool-postgres, and of sqlx's `Postgres` \
            (features `sqlx-postgres`, `sqlx-08`); a connection need not be in a transaction",
    note = "with another driver, run `CurrentAction::completion` in a transaction of your own"
)]
pub trait PostgresTransaction: Complete + Send {}

/// The store in which a transaction completes.
#[derive(Debug)]
pub struct Target<'a> {
    pub(super) server: &'a Server,
    #[cfg_attr(
        not(any(feature = "sqlx-postgres", feature = "sqlx-08")),
        expect(dead_code, reason = "sqlx asks for the statement")
    )]
    pub(super) store: &'a dyn EffectStore,
}

/// The completion in a transaction of one driver. Private: nothing else can implement
/// [`PostgresTransaction`].
pub trait Complete {
    /// Records an outcome.
    fn complete(
        &mut self,
        target: Target<'_>,
        token: &Token,
        outcome: Outcome,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// The drivers of the store itself.
macro_rules! by_own {
    ($($transaction:ty;)*) => {$(
        impl PostgresTransaction for $transaction {}

        impl Complete for $transaction {
            async fn complete(
                &mut self,
                target: Target<'_>,
                token: &Token,
                outcome: Outcome,
            ) -> Result<(), StoreError> {
                complete(target.server, self, token, outcome).await
            }
        }
    )*};
}

by_own! {
    Transaction<'_>;
    deadpool_postgres::Transaction<'_>;
}

#[cfg(any(feature = "sqlx-postgres", feature = "sqlx-08"))]
macro_rules! by_sqlx {
    ($($(#[$when:meta])* $sqlx:ident by $driver:ident;)*) => {$(
        $(#[$when])*
        impl PostgresTransaction for $sqlx::Transaction<'_, $sqlx::Postgres> {}

        $(#[$when])*
        impl Complete for $sqlx::Transaction<'_, $sqlx::Postgres> {
            async fn complete(
                &mut self,
                target: Target<'_>,
                token: &Token,
                outcome: Outcome,
            ) -> Result<(), StoreError> {
                complete_by_sqlx::<driver::$driver>(target.store, self, token, &outcome)
                    .await
                    .map_err(|error| error.into_store_error())
            }
        }
    )*};
}

#[cfg(any(feature = "sqlx-postgres", feature = "sqlx-08"))]
by_sqlx! {
    #[cfg(feature = "sqlx-postgres")]
    sqlx by Postgres;
    #[cfg(feature = "sqlx-08")]
    sqlx_08 by Postgres08;
}

/// Writes the outcome over the owner's pending record; where the record is another one, or locked, reads
/// and locks it, and writes the state machine's decision. Not by prepared statements: the connection is
/// not the store's.
async fn complete(
    server: &Server,
    transaction: &Transaction<'_>,
    token: &Token,
    outcome: Outcome,
) -> Result<(), StoreError> {
    let operation = Operation::CompleteIn(*token, outcome);
    if let Step::Write(write) = operation.first()
        && is_written(server, transaction, &operation, &write).await?
    {
        return Ok(());
    }
    let id: &[u8] = operation.key();
    let found = transaction
        .query_typed(&server.statements().lock, &[(&id, Type::BYTEA)])
        .await
        .map_err(|error| failed(server, error))?;
    let found = found.first().map(|row| row::read(row, 0)).transpose()?;
    let found = found.flatten().map(|(_, found)| found);
    match operation.after(found.as_ref()) {
        Next::Answer(answer) => answer.map(drop),
        Next::Step(Step::Write(write)) => {
            match is_written(server, transaction, &operation, &write).await? {
                true => Ok(()),
                // It was locked, and has changed all the same.
                false => Err(operation.missing()),
            }
        }
        // It is recorded already; the user's commit confirms it.
        Next::Step(_) => Ok(()),
    }
}

async fn is_written(
    server: &Server,
    transaction: &Transaction<'_>,
    operation: &Operation,
    write: &Write,
) -> Result<bool, StoreError> {
    let sent = [Sent::new(operation, write)];
    let columns = Columns::new(&sent);
    let typed: Vec<_> = columns
        .parameters()
        .into_iter()
        .zip(Columns::TYPES)
        .collect();
    let rows = transaction
        .query_typed(&server.statements().change_in, &typed)
        .await
        .map_err(|error| failed(server, error))?;
    Ok(rows.first().is_some_and(|row| row.get(1)))
}

fn failed(server: &Server, error: tokio_postgres::Error) -> StoreError {
    let trouble = Arc::new(Trouble::from(error));
    server.failed("complete in a transaction", &trouble)
}
