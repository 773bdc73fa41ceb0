//! [`SqliteEffectStore`]: records in a file of this machine.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::backend::SqliteBackend;
use super::clock::LeaseClock;
use super::connection::Missing;
use super::{connection, file, migration, names, schema, transaction};
use crate::forward_effect_store;
use crate::gate::ambient;
use crate::gate::current::acted;
use crate::protocol::ids::Token;
use crate::protocol::outcome::Outcome;
use crate::protocol::store::EffectStore;
use crate::protocol::store_error::StoreError;
use crate::stores::durable::store::DurableStore;
#[cfg(feature = "sqlx-sqlite")]
use crate::stores::sqlx::complete::{NotWritten, complete, of_database};
#[cfg(feature = "sqlx-sqlite")]
use crate::stores::sqlx::driver::{self, Driver};
use crate::stores::waiters::Waiters;

/// Records in a file, which any number of processes of one machine may share.
///
/// A method reports only what is on the disk: the file is in WAL mode with `synchronous=FULL`.
/// A thread of the store writes the requests of tasks: it commits those of concurrent callers together,
/// and answers after the commit. A sync call writes on its own thread if nothing else is under way.
/// Reads take no lock and run on the caller's thread; [`counts`](EffectStore::counts) and
/// [`list`](EffectStore::list) read on a thread of their own. Nothing here needs a tokio runtime.
///
/// A handle is cheap to clone. With the last handle the thread ends, after the requests already sent.
///
/// # The file
///
/// It holds the tables `effects`, `effect_store` and `effect_history` and the view `effect_records`, which
/// [`open`](Self::open) creates and migrates; an application may keep its own tables in the file, and
/// complete an action in the transaction of its own writes with [`complete_in`](Self::complete_in). The
/// file must be on a disk of this machine: SQLite's locks do not hold on network file systems. A new file is readable and
/// writable for its owner alone (mode 0600); a file that exists keeps its rights.
///
/// If the file, its `-wal` or its `-shm` is removed or replaced while it is open, a link on its path
/// leads elsewhere, or the file is emptied, no write is acknowledged any more: calls that write fail with
/// [`StoreError::Unavailable`], and the error names the file. (Bytes written over a live file, as by `cp`, cannot be noticed: stop all processes
/// before a restore.)
///
/// The Python package nodus-retry works on the same file, through the view. Each replays what the other completed.
/// An action that Python began is busy for [`DEFAULT_LEASE`](crate::store::DEFAULT_LEASE) and then in
/// doubt; one that it calls "failed" is in doubt, too. Python gets an error for an action that this
/// crate holds or has in doubt. Python's action names that are no ids of
/// [`compute_action_id`](crate::compute_action_id) are counted, and otherwise ignored.
///
/// # Leases
///
/// They run by the time since the machine started (Linux, Android), which continues during sleep and
/// cannot be set; a restart ends them. On other systems they run by the wall clock.
///
/// # Examples
///
/// ```
/// use retry_effects::{EffectStore, Outcome, SqliteEffectStore, compute_action_id};
/// use retry_effects::store::{Claim, ClaimRequest, Payload, Resolved};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let folder = tempfile::tempdir()?;
/// let store = SqliteEffectStore::open(folder.path().join("effects.db"))?;
/// let id = compute_action_id("charge", &42, "")?;
///
/// let Claim::Won(token) = store.pending(&ClaimRequest::new(id, "charge")).await? else {
///     unreachable!("nobody else has claimed it");
/// };
/// store.complete(&token, Outcome::Success(Payload::new("true"))).await?;
///
/// let Resolved::Done(finished) = store.resolve(id).await? else {
///     unreachable!("it is done");
/// };
/// assert_eq!(finished.payload.json(), "true");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SqliteEffectStore(Arc<DurableStore<SqliteBackend>>);

impl SqliteEffectStore {
    /// Opens the store in a file, and creates the file if there is none. May wait for other processes
    /// that open it at the same time; the first to open a file of version 1 waits, for at most
    /// [`DEFAULT_LEASE`](crate::store::DEFAULT_LEASE), for the leases of programs of that version.
    ///
    /// # Errors
    ///
    /// [`StoreError::Misconfigured`] if the path is wrong: its directory does not exist, it is a directory
    /// or names no file (`:memory:`), or the file may only be read, takes no WAL mode, has hard links or is mounted
    /// by itself (SQLite's log stands beside its name, so it must have one: mount its folder).
    /// [`StoreError::Unavailable`] if the file cannot be used now: its disk is away, or it is locked for
    /// longer than 30 seconds. [`StoreError::Unreadable`] if it is no SQLite database, one of a newer
    /// version of this crate, or one with another program's table of the same name.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_by(path.as_ref(), LeaseClock::system(), Missing::Made)
    }

    /// Opens an existing store, and creates and moves nothing: for programs that inspect a store, and must
    /// leave neither a file nor tables if the path is wrong.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open), and [`StoreError::Misconfigured`] if there is no such file, or it holds no
    /// store, or one of version 1, which [`open`](Self::open) moves.
    ///
    /// # Examples
    ///
    /// ```
    /// use retry_effects::{SqliteEffectStore, StoreError};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("effects.db");
    /// let error = SqliteEffectStore::open_existing(&path).expect_err("it is not there");
    /// assert!(matches!(error, StoreError::Misconfigured { .. }));
    /// assert!(!path.exists());
    ///
    /// drop(SqliteEffectStore::open(&path)?);
    /// assert!(SqliteEffectStore::open_existing(&path).is_ok());
    /// # Ok(())
    /// # }
    /// ```
    pub fn open_existing(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        Self::open_by(path.as_ref(), LeaseClock::system(), Missing::Refused)
    }

    /// Opens the store with a clock that a test moves, in nanoseconds.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    #[cfg(feature = "conformance")]
    #[doc(hidden)]
    pub fn open_with_clock(
        path: impl AsRef<Path>,
        nanos: Arc<std::sync::atomic::AtomicU64>,
    ) -> Result<Self, StoreError> {
        Self::open_by(path.as_ref(), LeaseClock::Manual(nanos), Missing::Made)
    }

    fn open_by(path: &Path, clock: LeaseClock, missing: Missing) -> Result<Self, StoreError> {
        let path = Arc::new(connection::absolute(path)?);
        if missing == Missing::Made {
            file::make_private(&path);
        }
        if let Some(reason) = names::other_name(&path) {
            let what = format!("cannot {}: {reason}", connection::describe("open", &path));
            return Err(StoreError::misconfigured(what));
        }
        let mut connection = connection::open_writer(&path, missing)?;
        if missing == Missing::Refused {
            // Before any change, including the journal's mode.
            schema::find(&connection, &path)?;
        }
        connection::make_durable(&connection, &path)?;
        migration::migrate(&mut connection, &path, &clock)?;
        let backend = SqliteBackend::new(connection, path, clock)?;
        let store = DurableStore::on_thread(backend, Waiters::new(), "effects-sqlite")?;
        Ok(Self(Arc::new(store)))
    }

    /// Records an outcome in a transaction of the caller's own, on the same file: the caller's
    /// writes and the record are committed together, or neither is.
    ///
    /// After any `Err` the transaction must be rolled back, which dropping it does. Begin it as
    /// [`Immediate`](rusqlite::TransactionBehavior::Immediate): one that has read before it writes
    /// may find that it can no longer write. While it is open, the store's other callers wait, for up
    /// to 30 seconds. Callers that wait for this action learn of its end by polling: the store does
    /// not see the commit.
    ///
    /// In a gated body, take the token of [`current_action`](crate::current_action), and return the
    /// recorded outcome; where the two differ, the caller gets the record. An `AlreadyDone` may be
    /// passed on by `?`: the transaction rolls back, and the gate returns the recorded result.
    ///
    /// # Errors
    ///
    /// [`StoreError::AlreadyDone`] if the action is finished, even by this very claim: an earlier
    /// commit took place, and its acknowledgement was lost. [`StoreError::LeaseLost`] after a
    /// takeover. [`StoreError::Unreadable`] if the transaction is on a file without the tables of
    /// this store; [`StoreError::Unavailable`] if the file cannot be written, or an earlier statement has rolled
    /// the transaction back.
    ///
    /// # Examples
    ///
    /// ```
    /// use retry_effects::{EffectStore, Outcome, SqliteEffectStore, StoreError, compute_action_id};
    /// use retry_effects::store::{Claim, ClaimRequest};
    /// use retry_effects::rusqlite::{Connection, TransactionBehavior};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("app.db");
    /// let store = SqliteEffectStore::open(&path)?;
    /// let mut orders = Connection::open(&path)?;
    /// orders.execute("CREATE TABLE orders (number INTEGER)", [])?;
    ///
    /// let id = compute_action_id("order", &7, "")?;
    /// let Claim::Won(token) = store.pending(&ClaimRequest::new(id, "order")).await? else {
    ///     unreachable!("nobody else has claimed it");
    /// };
    /// for _acknowledged in [false, true] {
    ///     let transaction = orders.transaction_with_behavior(TransactionBehavior::Immediate)?;
    ///     transaction.execute("INSERT INTO orders VALUES (7)", [])?;
    ///     let outcome = Outcome::success(&"receipt 1")?;
    ///     match SqliteEffectStore::complete_in(&transaction, &token, outcome) {
    ///         Ok(()) => transaction.commit()?,
    ///         Err(StoreError::AlreadyDone { .. }) => transaction.rollback()?,
    ///         Err(error) => return Err(error.into()),
    ///     }
    /// }
    /// let orders: i64 = orders.query_row("SELECT count(*) FROM orders", [], |row| row.get(0))?;
    /// assert_eq!(orders, 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn complete_in(
        transaction: &rusqlite::Transaction<'_>,
        token: &Token,
        outcome: Outcome,
    ) -> Result<(), StoreError> {
        let path = Path::new(transaction.path().unwrap_or_default());
        if transaction.is_autocommit() {
            return Err(ended_early(path));
        }
        schema::require(transaction, path)?;
        let completed =
            transaction::complete_in(transaction, &LeaseClock::system(), token, outcome)
                .unwrap_or_else(|error| Err(connection::failed("complete in", path, error)));
        ambient::completed_in(token, &completed);
        completed
    }

    /// [`complete_in`](Self::complete_in) for a transaction of sqlx 0.9.
    ///
    /// Begin it with `begin_with("BEGIN IMMEDIATE")`; [`transaction`](fn@crate::transaction) does, and writes the other
    /// steps too. A program has one SQLite, which `rusqlite` and sqlx share: two copies in one process would
    /// break each other's locks on the file, and cargo refuses to build them together.
    ///
    /// # Errors
    ///
    /// [`StoreError::AlreadyDone`] and [`StoreError::LeaseLost`] as there. [`StoreError::Misconfigured`] if the
    /// transaction is on another file; [`StoreError::Unavailable`] if the file cannot be written, or an earlier
    /// statement has rolled the transaction back.
    #[cfg(feature = "sqlx-sqlite")]
    pub async fn complete_in_async(
        &self,
        transaction: &mut sqlx::Transaction<'_, sqlx::Sqlite>,
        token: &Token,
        outcome: Outcome,
    ) -> Result<(), StoreError> {
        let completed = match driver::Sqlite::is_open(transaction).await {
            Ok(false) => return Err(ended_early(&self.0.backend().path)),
            Ok(true) => complete::<driver::Sqlite>(self, transaction, token, &outcome).await,
            Err(error) => Err(of_database::<driver::Sqlite>(error)),
        };
        let completed = completed.map_err(NotWritten::into_store_error);
        ambient::completed_in(token, &completed);
        completed
    }
}

/// Returns the error of a transaction that a statement in it has ended. The record would be committed at once, and
/// by itself, as the statements since then were: under the gate nothing is proved any more.
fn ended_early(path: &Path) -> StoreError {
    acted();
    StoreError::unavailable(
        connection::describe("complete in", path),
        "a statement of the transaction has failed and rolled it back, and the error was not passed on",
    )
}

/// [`changed`](EffectStore::changed) reports what this process writes through the handles cloned from one
/// [`open`](SqliteEffectStore::open).
impl EffectStore for SqliteEffectStore {
    forward_effect_store!(|this| &*this.0);
}

/// Shows the path.
impl fmt::Debug for SqliteEffectStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SqliteEffectStore")
            .field(&self.0.backend().path)
            .finish()
    }
}

#[cfg(test)]
mod tests;
