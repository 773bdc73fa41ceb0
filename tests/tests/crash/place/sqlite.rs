//! A store in a file, with a table of orders of the application's beside it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use retry_effects::store::SqlParam;
use retry_effects::{ActionId, Outcome, SqliteEffectStore, StoreError, current_action};
use rusqlite::{Connection, ToSql, Transaction};

#[cfg(feature = "libraries")]
use super::by_sqlx;
use super::driver::Driver;
use super::{Moment, Order};
use crate::crash::callee::Happened;
use crate::crash::failure::Failure;

#[derive(Clone, Debug)]
pub(crate) struct File {
    path: PathBuf,
    store: SqliteEffectStore,
    driver: Driver,
}

const ORDERS: &str =
    "CREATE TABLE IF NOT EXISTS orders (number INTEGER, fence INTEGER, nonce TEXT)";

impl File {
    pub(super) fn open(folder: &Path, driver: Driver) -> (SqliteEffectStore, Self) {
        let path = path(folder);
        let store = SqliteEffectStore::open(&path).expect("it opens");
        connection(&path).execute_batch(ORDERS).expect("made");
        let file = Self {
            path,
            store: store.clone(),
            driver,
        };
        (store, file)
    }

    pub(super) fn driver(&self) -> Driver {
        self.driver
    }

    /// A store by a clock that the test moves: nanoseconds.
    pub(crate) fn with_clock(folder: &Path, hands: Arc<AtomicU64>) -> SqliteEffectStore {
        SqliteEffectStore::open_with_clock(path(folder), hands).expect("it opens")
    }

    pub(super) async fn commit(
        &self,
        order: &Order,
        at: impl Fn(Moment) + Sync,
    ) -> Result<(), Failure> {
        match self.driver {
            Driver::Own | Driver::Statement => self.commit_here(order, at),
            #[cfg(feature = "libraries")]
            _ => by_sqlx::commit_in_sqlite(self.driver, &self.path, &self.store, order, at).await,
            #[cfg(not(feature = "libraries"))]
            other => panic!("{other} is built with `libraries`"),
        }
    }

    fn commit_here(&self, order: &Order, at: impl Fn(Moment)) -> Result<(), Failure> {
        let mut connection = connection(&self.path);
        let behaviour = rusqlite::TransactionBehavior::Immediate;
        let begun = connection.transaction_with_behavior(behaviour);
        let transaction = begun.expect("begun");
        let fence = order.fence().number().cast_signed();
        let values = (order.number.cast_signed(), fence, &order.nonce);
        transaction
            .execute("INSERT INTO orders VALUES (?1, ?2, ?3)", values)
            .expect("written");
        at(Moment::Written);
        let outcome = order.outcome();
        let recorded = if self.driver == Driver::Statement {
            execute(&transaction, &outcome)
        } else {
            SqliteEffectStore::complete_in(&transaction, &order.token, outcome)
        };
        match recorded {
            Ok(()) => {}
            // The earlier record holds; this transaction is rolled back.
            Err(StoreError::AlreadyDone { .. } | StoreError::LeaseLost { .. }) => return Ok(()),
            Err(error @ StoreError::NotRecorded { .. }) => return Err(error.into()),
            Err(error) => panic!("{error}"),
        }
        at(Moment::Recorded);
        transaction.commit().expect("committed");
        at(Moment::Committed);
        Ok(())
    }

    pub(super) fn ordered(&self, number: u64) -> Vec<Happened> {
        let connection = connection(&self.path);
        let mut statement = connection
            .prepare("SELECT fence, nonce FROM orders WHERE number = ?1")
            .expect("it is there");
        let rows = statement.query_map([number.cast_signed()], |row| {
            Ok(Happened {
                fence: row.get::<_, i64>(0)?.cast_unsigned(),
                nonce: row.get(1)?,
            })
        });
        rows.expect("read").map(|row| row.expect("read")).collect()
    }

    /// Whether a connection is in a transaction that writes.
    pub(crate) fn is_locked(folder: &Path) -> bool {
        let connection = connection(&path(folder));
        let never_waits = connection.busy_timeout(Duration::ZERO);
        never_waits.expect("a setting of the connection");
        connection
            .execute_batch("BEGIN IMMEDIATE; ROLLBACK")
            .is_err()
    }

    pub(super) fn end_lease(&self, id: ActionId) {
        connection(&self.path)
            .execute(
                "UPDATE effects SET lease_until_ns = 0 WHERE id = ?1 AND status IN (0, 5)",
                [id.to_string()],
            )
            .expect("written");
    }
}

/// Records an outcome as with a driver that `complete_in` does not take.
fn execute(transaction: &Transaction<'_>, outcome: &Outcome) -> Result<(), StoreError> {
    let action = current_action().expect("a gated body");
    let completion = action.completion(outcome)?;
    let params = completion.params().iter().map(|param| match param {
        SqlParam::Bytes(bytes) => bytes as &dyn ToSql,
        SqlParam::Integer(number) => number,
        SqlParam::Text(text) => text,
    });
    let params: Vec<_> = params.collect();
    let rows = transaction.execute(completion.sql(), &params[..]);
    action.completed_in(rows.expect("executed") as u64)
}

pub(crate) fn path(folder: &Path) -> PathBuf {
    folder.join("effects.db")
}

/// A connection of the application's own.
pub(crate) fn connection(database: &Path) -> Connection {
    let connection = Connection::open(database).expect("it opens");
    let patience = Duration::from_secs(30);
    connection.busy_timeout(patience).expect("it waits");
    connection
}
