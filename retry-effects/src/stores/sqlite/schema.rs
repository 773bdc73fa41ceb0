//! The tables: created, migrated and recognised.
//!
//! `effect_records` is a superset of the table of the Python package nodus-retry 0.2.0, which may
//! use the same file. Python's writes ignore claims, so triggers guard this crate's rows: every write
//! of this crate raises `revision`, no write of Python's does.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior};

use super::connection::failed;
use crate::protocol::store_error::StoreError;

/// The version of the tables below. The file's `user_version` is left to the application, which
/// may keep its own tables in the same file.
pub(super) const VERSION: i64 = 1;

/// Exactly the text that Python creates the table with; the first program creates it.
const PYTHON_TABLE: &str = "
CREATE TABLE IF NOT EXISTS effect_records (
    action_id TEXT PRIMARY KEY,
    action_type TEXT NOT NULL DEFAULT '',
    input_hash TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL,
    result_payload TEXT,
    created_at TEXT NOT NULL,
    completed_at TEXT
)";

const PYTHON_COLUMNS: [&str; 7] = [
    "action_id",
    "action_type",
    "input_hash",
    "status",
    "result_payload",
    "created_at",
    "completed_at",
];

/// Python's inserts leave these at their defaults.
const OWN_COLUMNS: [(&str, &str); 13] = [
    ("revision", "INTEGER NOT NULL DEFAULT 0"),
    ("fence", "INTEGER NOT NULL DEFAULT 0"),
    ("claim_id", "BLOB"),
    ("applied", "INTEGER NOT NULL DEFAULT 0"),
    ("scope", "TEXT NOT NULL DEFAULT ''"),
    ("format", "INTEGER NOT NULL DEFAULT 1"),
    ("boot", "BLOB"),
    ("lease_until_ns", "INTEGER NOT NULL DEFAULT 0"),
    ("lease_ns", "INTEGER NOT NULL DEFAULT 0"),
    ("renewals", "INTEGER NOT NULL DEFAULT 0"),
    ("keep_ms", "INTEGER NOT NULL DEFAULT 0"),
    ("retain_ms", "INTEGER"),
    ("over_at_ms", "INTEGER"),
];

/// The store's own row, the index of records with a limited retention, and the guards.
///
/// `RAISE(ROLLBACK)`, not `ABORT`: after an abort Python's connection would keep the write lock.
const REST: &str = "
CREATE TABLE IF NOT EXISTS effect_store (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    version INTEGER NOT NULL,
    fence INTEGER NOT NULL
);
INSERT OR IGNORE INTO effect_store (one, version, fence) VALUES (1, 1, 0);

CREATE INDEX IF NOT EXISTS effect_records_over ON effect_records (over_at_ms)
    WHERE over_at_ms IS NOT NULL;

CREATE TRIGGER IF NOT EXISTS effect_records_insert BEFORE INSERT ON effect_records
WHEN NEW.claim_id IS NULL
BEGIN
    SELECT RAISE(ROLLBACK, 'this action is claimed or in doubt: it must not run now')
        FROM effect_records
        WHERE action_id = NEW.action_id AND revision > 0 AND status IN ('pending', 'in_doubt');
    DELETE FROM effect_records
        WHERE action_id = NEW.action_id AND revision > 0 AND status IN ('released', 'failed');
END;

CREATE TRIGGER IF NOT EXISTS effect_records_update BEFORE UPDATE ON effect_records
WHEN NEW.revision = OLD.revision AND (OLD.revision > 0 OR OLD.status = 'success')
BEGIN
    SELECT RAISE(IGNORE);
END;
";

/// Returns an error if there are no tables of this crate.
pub(super) fn find(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    match found(connection, path)? {
        Some(_) => Ok(()),
        None => Err(StoreError::misconfigured(format!(
            "is not there: {} holds no effect store, having no table effect_store, and none is made \
             here; correct the path (the first worker that opens the store makes its tables)",
            path.display()
        ))),
    }
}

/// Creates the tables, or migrates them to this version: all in one transaction, which many
/// processes may begin at once.
pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    if found(connection, path)? == Some(VERSION) {
        return Ok(());
    }
    let failed = |error| failed("make its tables in", path, error);
    let transaction =
        Transaction::new_unchecked(connection, TransactionBehavior::Immediate).map_err(failed)?;
    if found(&transaction, path)? != Some(VERSION) {
        transaction.execute_batch(PYTHON_TABLE).map_err(failed)?;
        let columns = columns(&transaction).map_err(failed)?;
        if let Some(missing) = PYTHON_COLUMNS.iter().find(|name| !has(&columns, name)) {
            return Err(StoreError::unreadable(format!(
                "{} has a table effect_records without the column {missing}: it is not one of \
                 this crate's nor of nodus-retry's; use another file",
                path.display()
            )));
        }
        for (name, kind) in OWN_COLUMNS {
            if !has(&columns, name) {
                let add = format!("ALTER TABLE effect_records ADD COLUMN {name} {kind}");
                transaction.execute_batch(&add).map_err(failed)?;
            }
        }
        transaction.execute_batch(REST).map_err(failed)?;
    }
    transaction.commit().map_err(failed)
}

/// Returns an error if a connection's file does not hold these tables.
pub(super) fn require(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    let version = connection
        .prepare_cached("SELECT version FROM effect_store")
        .and_then(|mut statement| statement.query_row([], |row| row.get::<_, i64>(0)));
    match version {
        Ok(VERSION) => Ok(()),
        Ok(version) => Err(unreadable(version, path)),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::Unknown) => {
            Err(StoreError::unreadable(format!(
                "{path:?} holds no effect store: the transaction must be on the store's own file"
            )))
        }
        Err(error) => Err(failed("read", path, error)),
    }
}

/// Returns the error for tables of another version.
pub(super) fn unreadable(version: i64, path: &Path) -> StoreError {
    StoreError::unreadable(format!(
        "{} was written by a newer version of retry-effects (its tables are version {version}, \
         this one knows {VERSION}): upgrade retry-effects here",
        path.display()
    ))
}

/// Returns the version of the tables in the file.
fn found(connection: &Connection, path: &Path) -> Result<Option<i64>, StoreError> {
    let failed = |error| failed("open", path, error);
    let is_there = connection
        .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'effect_store'")
        .and_then(|mut statement| statement.exists([]))
        .map_err(failed)?;
    if !is_there {
        return Ok(None);
    }
    let version = connection
        .query_row("SELECT version FROM effect_store", [], |row| row.get(0))
        .optional()
        .map_err(failed)?;
    match version {
        Some(version) if version > VERSION => Err(unreadable(version, path)),
        version => Ok(version),
    }
}

fn columns(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare("SELECT name FROM pragma_table_info('effect_records')")?
        .query_map([], |row| row.get(0))?
        .collect()
}

fn has(columns: &[String], name: &str) -> bool {
    columns.iter().any(|column| column == name)
}
