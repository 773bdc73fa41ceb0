//! Completion of a record in a transaction of the user's, by sqlx.

use std::error::Error;

use super::driver::Driver;
use crate::protocol::completion::{Completion, Dialect};
use crate::protocol::ids::Token;
use crate::protocol::outcome::Outcome;
use crate::protocol::record::Resolved;
use crate::protocol::store::EffectStore;
use crate::protocol::store_error::StoreError;

/// The reason why an outcome was not written in a transaction.
#[derive(Debug)]
pub(crate) enum NotWritten<E> {
    /// The database refused the statement, or did not answer.
    Database {
        error: E,
        /// The database's code, if it answered.
        code: Option<String>,
    },
    Store(StoreError),
    /// The transaction is no longer the one that was begun.
    EndedEarly,
}

impl<E> From<StoreError> for NotWritten<E> {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Writes the outcome over the owner's record; if that is another one, finds out what is recorded.
///
/// The transaction is the user's. Postgres refuses the statement in one that has failed; SQLite does not, so its
/// callers check first that the transaction [is open](Driver::is_open).
pub(crate) async fn complete<D: Driver>(
    store: &dyn EffectStore,
    connection: &mut D::Connection,
    token: &Token,
    outcome: &Outcome,
) -> Result<(), NotWritten<D::Error>> {
    let completion = completion::<D>(store, token, outcome)?;
    let rows = D::execute(connection, &completion).await;
    match rows.map_err(of_database::<D>)? {
        0 => Err(recorded_instead(store, token).await.into()),
        _ => Ok(()),
    }
}

/// [`complete`] in a transaction that [`Driver::begin`] has begun, if it is still that one: otherwise the record would be
/// committed without the rows, or behind them.
pub(crate) async fn complete_begun<D: Driver>(
    store: &dyn EffectStore,
    connection: &mut D::Connection,
    token: &Token,
    outcome: &Outcome,
) -> Result<(), NotWritten<D::Error>> {
    let mut completion = completion::<D>(store, token, outcome)?;
    // A mark costs no round trip. A store of another author's has no place for it.
    if !completion.limit_to_marked() {
        require_open::<D>(connection).await?;
    }
    let rows = D::execute(connection, &completion).await;
    match rows.map_err(of_database::<D>)? {
        0 => {
            require_open::<D>(connection).await?;
            Err(recorded_instead(store, token).await.into())
        }
        _ => Ok(()),
    }
}

async fn require_open<D: Driver>(
    connection: &mut D::Connection,
) -> Result<(), NotWritten<D::Error>> {
    match D::is_open(connection).await.map_err(of_database::<D>)? {
        true => Ok(()),
        false => Err(NotWritten::EndedEarly),
    }
}

fn completion<D: Driver>(
    store: &dyn EffectStore,
    token: &Token,
    outcome: &Outcome,
) -> Result<Completion, StoreError> {
    let completion = store.completion(token, outcome)?;
    if completion.dialect() != D::DIALECT {
        return Err(of_other_database(completion.dialect(), D::DIALECT));
    }
    Ok(completion)
}

/// Returns the driver's error as one of a completion.
pub(crate) fn of_database<D: Driver>(error: D::Error) -> NotWritten<D::Error> {
    let code = D::code(&error).map(std::borrow::Cow::into_owned);
    NotWritten::Database { error, code }
}

fn of_other_database(of_store: Dialect, of_transaction: Dialect) -> StoreError {
    StoreError::misconfigured(format!(
        "is in {of_store:?}, and the transaction in {of_transaction:?}: both must be in one database"
    ))
}

/// Returns what is recorded in the place of the owner's open claim. The store's own connection reads it: what is
/// committed there decides.
async fn recorded_instead(store: &dyn EffectStore, token: &Token) -> StoreError {
    match store.resolve(token.id()).await {
        Ok(Resolved::Done(finished) | Resolved::Failed(finished)) => {
            StoreError::already_done(finished)
        }
        Ok(Resolved::Busy(busy)) if busy.fence == token.fence() => StoreError::misconfigured(
            "has the claim, and the transaction does not: it has completed the action before, is in another \
             database than the store, or that has tables of another version",
        ),
        Ok(_) => StoreError::lease_lost(token.fence()),
        Err(error) => error,
    }
}

impl<E: Error + Send + Sync + 'static> NotWritten<E> {
    /// Returns the store's error.
    pub(crate) fn into_store_error(self) -> StoreError {
        // No such table, schema or column; no right; a transaction that only reads. SQLite has one code for
        // all errors in SQL.
        const MISPLACED: [&str; 7] = ["42P01", "3F000", "42703", "42501", "25006", "1", "8"];
        let is_misplaced = |code: &Option<String>| {
            let code = code.as_deref();
            code.is_some_and(|code| MISPLACED.contains(&code))
        };
        match self {
            Self::Store(error) => error,
            Self::EndedEarly => StoreError::unavailable(
                "complete in a transaction",
                "a statement in it has ended it",
            ),
            Self::Database { error, code } if is_misplaced(&code) => {
                let what = format!(
                    "cannot complete in a transaction: {error}; the transaction must be in the store's own \
                     database, not READ ONLY, and by a user who may write the store's tables"
                );
                StoreError::misconfigured_by(what, error)
            }
            Self::Database { error, .. } => {
                StoreError::unavailable("complete in a transaction", error)
            }
        }
    }
}
