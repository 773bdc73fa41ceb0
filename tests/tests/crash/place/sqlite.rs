//! A store in a file, with a table of orders of the application's beside it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use retry_effects::{ActionId, Outcome, SqliteEffectStore, StoreError};
use rusqlite::Connection;

use super::{Moment, Order};
use crate::crash::callee::Happened;

#[derive(Clone, Debug)]
pub(crate) struct File(PathBuf);

const ORDERS: &str =
    "CREATE TABLE IF NOT EXISTS orders (number INTEGER, fence INTEGER, nonce TEXT)";

impl File {
    pub(super) fn open(folder: &Path) -> (SqliteEffectStore, Self) {
        let path = path(folder);
        let store = SqliteEffectStore::open(&path).expect("it opens");
        connection(&path).execute_batch(ORDERS).expect("made");
        (store, Self(path))
    }

    /// A store by a clock that the test moves: nanoseconds.
    pub(crate) fn with_clock(folder: &Path, hands: Arc<AtomicU64>) -> SqliteEffectStore {
        SqliteEffectStore::open_with_clock(path(folder), hands).expect("it opens")
    }

    pub(super) fn commit(&self, order: &Order, at: impl Fn(Moment)) {
        let mut connection = connection(&self.0);
        let behaviour = rusqlite::TransactionBehavior::Immediate;
        let begun = connection.transaction_with_behavior(behaviour);
        let transaction = begun.expect("begun");
        let fence = order.fence().number().cast_signed();
        let values = (order.number.cast_signed(), fence, &order.nonce);
        transaction
            .execute("INSERT INTO orders VALUES (?1, ?2, ?3)", values)
            .expect("written");
        at(Moment::Written);
        let outcome = Outcome::success(&order.nonce).expect("a text has a JSON form");
        match SqliteEffectStore::complete_in(&transaction, &order.token, outcome) {
            Ok(()) => {}
            // What is recorded holds; this transaction is rolled back.
            Err(StoreError::AlreadyDone { .. } | StoreError::LeaseLost { .. }) => return,
            Err(error) => panic!("{error}"),
        }
        at(Moment::Recorded);
        transaction.commit().expect("committed");
        at(Moment::Committed);
    }

    pub(super) fn ordered(&self, number: u64) -> Vec<Happened> {
        let connection = connection(&self.0);
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
        connection(&self.0)
            .execute(
                "UPDATE effects SET lease_until_ns = 0 WHERE id = ?1 AND status IN (0, 5)",
                [id.to_string()],
            )
            .expect("written");
    }
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
