//! The transaction around a body: begin, body, record, commit.

use std::future::Future;
use std::pin::Pin;
use std::sync::Once;

use retry_core::{Classify, recognize};
use serde::Serialize;

use super::error::{CommitUnanswered, TransactionError};
use crate::gate::current::{CurrentAction, current_action};
use crate::protocol::completion::Dialect;
use crate::protocol::outcome::Outcome;
use crate::stores::sqlx::complete::{NotWritten, complete_begun};
use crate::stores::sqlx::driver::Driver;
use crate::stores::sqlx::pool::{PoolTransaction, TransactionPool};

/// The future of a transaction's body.
pub type TransactionBody<'t, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 't>>;

/// Runs `body` in a transaction on a connection of `pool`, and commits it. In a gated body it also completes the
/// action: the rows and the record are committed together, or neither is.
///
/// The transaction is rolled back if `body` returns an error, which is passed on unchanged, or if the future is
/// dropped. The connection is given back before this returns, so it waits for no retry.
///
/// | | without a gate | under the gate (`idempotent = true`, with `in_doubt = "reexecute"`) |
/// |---|---|---|
/// | a conflict: SQLSTATE 40001 or 40P01, of a statement or of the COMMIT | is worth another attempt | the same, and proved not applied |
/// | a COMMIT without an answer | is final, and unknown: no attempt follows | the record decides: its result is returned, or the body runs again |
/// | the value | is returned | is recorded, returned, and replayed |
///
/// It does not loop: the attribute or [`Effect`](crate::Effect) around it does, with its policy and limits.
///
/// In SQLite it begins as `BEGIN IMMEDIATE`: a transaction that reads before it writes may find that it can no
/// longer write, and waiting would not help.
///
/// # In a gated body
///
/// Call it once, and return its value: the transaction completes the action. Another one in the same body, and one
/// whose value has another type than the result of the call, is refused before it begins, with an event at ERROR: a
/// function that the body calls may know nothing of the gate. Rows that do not complete the action belong into a
/// transaction of sqlx's own. The store must be in the pool's database. For as long as the transaction runs:
///
/// - A transaction in SQLite holds the file's only write lock, and the store waits for it, for up to 30 seconds. Meanwhile
///   no lease of the file is renewed: let it be shorter than a third of the lease. Call no
///   gated function in it, and wait for nothing else in it.
/// - A session of Postgres under `REPEATABLE READ` or `SERIALIZABLE` conflicts with a renewal of the lease, at a third
///   of it, and with the first call that waits for the action. If it takes that long, give the function a longer `lease`.
/// - The store has connections of its own, and needs none of the pool. A body that takes a second connection of
///   the pool may wait for ever: each connection may be held by a transaction that waits for one.
///
/// A COMMIT or ROLLBACK that the body sends as a text ends the transaction: that is an error, and leaves the action in
/// doubt. In SQLite it is not noticed if the body then begins another transaction. Use sqlx's savepoints (`tx.begin()`).
///
/// An attempt that a time limit cuts in its COMMIT has no answer either, and the policy's retries do not learn of
/// the COMMIT, and go on: without a gate, leave `timeout` to the database (`statement_timeout`).
///
/// # Errors
///
/// The error of `body`, or a [`TransactionError`].
///
/// # Examples
///
/// The body is a closure that returns a boxed future, as for sqlx's own `Connection::transaction`. It may borrow
/// from its surroundings:
///
/// ```no_run
/// # #[cfg(feature = "sqlx-postgres")] mod example {
/// use retry_core::retry_storage;
/// use retry_effects::{PostgresEffectStore, TransactionError, transaction};
/// use sqlx::PgPool;
///
/// #[retry_storage(
///     idempotent = true,
///     key(order),
///     skip(pool),
///     store = store,
///     in_doubt = "reexecute", // safe: the record is part of the transaction
/// )]
/// async fn book(
///     pool: &PgPool,
///     store: &PostgresEffectStore,
///     order: i64,
///     cents: i64,
/// ) -> Result<i64, TransactionError> {
///     transaction(pool, move |tx| {
///         Box::pin(async move {
///             let insert = "INSERT INTO bookings (order_id, cents) VALUES ($1, $2) RETURNING id";
///             let id = sqlx::query_scalar(insert).bind(order).bind(cents).fetch_one(&mut **tx).await?;
///             Ok(id)
///         })
///     })
///     .await
/// }
/// # }
/// ```
///
/// A connection, and a pool of any database, are refused by their types:
///
/// ```compile_fail,E0277
/// # #[cfg(not(feature = "sqlx-postgres"))] compile_error!("not with these features");
/// # use retry_effects::{TransactionError, transaction};
/// async fn book(connection: &sqlx::PgConnection) -> Result<(), TransactionError> {
///     transaction(connection, |_| Box::pin(async { Ok(()) })).await
/// }
/// ```
pub fn transaction<'a, 'env, P, T, E, F>(pool: &'a P, body: F) -> TransactionBody<'a, T, E>
where
    P: TransactionPool,
    T: Serialize + Send + 'a,
    E: From<TransactionError> + Send + 'a,
    F: for<'t> FnOnce(&'t mut PoolTransaction<'env, P>) -> TransactionBody<'t, T, E> + Send + 'a,
    'env: 'a,
{
    // Boxed, so that it is checked here that it may move between threads: of a future with these lifetimes,
    // the compiler cannot tell at the caller's.
    Box::pin(run::<P::Driver, T, E, F>(pool, body))
}

async fn run<'env, D, T, E, F>(pool: &D::Pool, body: F) -> Result<T, E>
where
    D: Driver,
    T: Serialize,
    E: From<TransactionError>,
    F: for<'t> FnOnce(&'t mut D::Transaction<'env>) -> TransactionBody<'t, T, E>,
{
    recognize_errors();
    let action = current_action();
    if let Some(action) = &action {
        let begun = action.begin_transaction::<T>();
        begun.map_err(TransactionError::from)?;
    }
    let ended = within::<D, T, E, F>(pool, action.as_ref(), body).await;
    if let (Some(action), Err(_)) = (&action, &ended) {
        action.end_transaction();
    }
    ended
}

async fn within<'env, D, T, E, F>(
    pool: &D::Pool,
    action: Option<&CurrentAction>,
    body: F,
) -> Result<T, E>
where
    D: Driver,
    T: Serialize,
    E: From<TransactionError>,
    F: for<'t> FnOnce(&'t mut D::Transaction<'env>) -> TransactionBody<'t, T, E>,
{
    let begun = D::begin(pool).await;
    let mut transaction = begun.map_err(TransactionError::database)?;
    let value = match body(&mut transaction).await {
        Ok(value) => value,
        Err(error) => {
            roll_back::<D>(transaction, action).await;
            return Err(error);
        }
    };
    let ready = match action {
        // Encoded apart: the value need not be shared between threads.
        Some(action) => match Outcome::success(&value) {
            Ok(outcome) => record::<D>(action, &mut transaction, outcome).await,
            Err(error) => Err(error.into()),
        },
        None => check::<D>(&mut transaction).await,
    };
    if let Err(error) = ready {
        roll_back::<D>(transaction, action).await;
        return Err(error.into());
    }
    match D::commit(transaction).await {
        Ok(()) => Ok(value),
        Err(error) => Err(not_committed::<D>(error, action.is_some()).into()),
    }
}

/// Registers the errors, so that they are recognized in source chains. In particular a lost COMMIT without a
/// gate must not be retried for the lost connection that it is.
fn recognize_errors() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        recognize::<TransactionError>();
        recognize::<CommitUnanswered>();
    });
}

/// The code of Postgres for any statement in a transaction that has failed: nothing of it is committed.
const FAILED_TRANSACTION: &str = "25P02";

/// Waits for the rollback, so that the connection is given back idle. A connection that does not answer is of no
/// more use, and its pool closes it.
async fn roll_back<D: Driver>(mut transaction: D::Transaction<'_>, action: Option<&CurrentAction>) {
    // SQLite's driver could not roll back one that has ended.
    if action.is_some() || D::DIALECT == Dialect::Sqlite {
        let is_open = match D::is_open(&mut transaction).await {
            Ok(is_open) => is_open,
            // A session that is gone cannot tell whether the body had ended the transaction.
            Err(error) => D::code(&error).is_some_and(|code| code == FAILED_TRANSACTION),
        };
        if let (false, Some(action)) = (is_open, action) {
            // Statements may have been committed: those before a COMMIT of the body's own, and those after the end,
            // each by itself.
            action.note_acted();
        }
    }
    let _ = D::rollback(transaction).await;
}

/// Completes the running action.
async fn record<D: Driver>(
    action: &CurrentAction,
    transaction: &mut D::Transaction<'_>,
    outcome: Outcome,
) -> Result<(), TransactionError> {
    let store = action.store();
    let completed = complete_begun::<D>(store, transaction, &action.token(), &outcome).await;
    let completed = match completed {
        Ok(()) => Ok(()),
        Err(NotWritten::EndedEarly) => {
            action.note_acted();
            return Err(TransactionError::EndedEarly);
        }
        Err(NotWritten::Database { error, .. }) => return Err(TransactionError::database(error)),
        Err(NotWritten::Store(error)) => Err(error),
    };
    action.note_completed_in(&completed);
    completed.map_err(TransactionError::from)
}

/// Checks that the COMMIT will be one: not every driver reports that it became a rollback.
async fn check<D: Driver>(transaction: &mut D::Transaction<'_>) -> Result<(), TransactionError> {
    match D::is_open(transaction).await {
        Ok(true) => Ok(()),
        Ok(false) => Err(TransactionError::EndedEarly),
        Err(error) => Err(TransactionError::database(error)),
    }
}

/// Returns the error of a COMMIT. Only an answer of the database proves that it was not carried out, and not
/// every answer does.
fn not_committed<D: Driver>(error: D::Error, is_recorded: bool) -> TransactionError {
    let is_answer = D::code(&error).is_some();
    if is_answer && error.classify().is_not_applied() {
        return TransactionError::database(error);
    }
    CommitUnanswered::new(error, is_recorded).into()
}
