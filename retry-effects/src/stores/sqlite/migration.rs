//! The tables made, or moved from version 1 and from the Python package; many processes may do it at
//! once.
//!
//! Version 1 keeps its records in a table `effect_records`, and its programs may be at work. So its
//! records move in two steps. First the version is raised: programs of version 1 then refuse to claim,
//! and still renew, complete and release. Once no claim of theirs is alive, or one default lease has
//! passed, everything moves in one transaction. A crash between the two leaves a file that the next
//! program to open it finishes.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::clock::LeaseClock;
use super::connection::failed;
use super::schema::{Tables, VERSION, found};
use super::tables::{INDEXES, STORE, STORE_OF_1, TABLES, VIEW};
use super::version_1;
use crate::protocol::store_error::StoreError;

/// The columns of the Python package's table, and of the view.
const PYTHON_COLUMNS: [&str; 7] = [
    "action_id",
    "action_type",
    "input_hash",
    "status",
    "result_payload",
    "created_at",
    "completed_at",
];

/// Makes the tables, or moves older ones. May wait for one default lease, for programs of version 1.
pub(super) fn migrate(
    connection: &mut Connection,
    path: &Path,
    clock: &LeaseClock,
) -> Result<(), StoreError> {
    loop {
        let tables = found(connection, path)?;
        match tables {
            Tables::Current => return Ok(()),
            Tables::Absent | Tables::Old => {}
            Tables::Raised => {
                version_1::drain(connection, clock).map_err(|error| failed("read", path, error))?;
            }
        }
        step(connection, path, tables)?;
    }
}

/// Takes one step in a transaction of its own, unless another process has taken it meanwhile.
fn step(connection: &mut Connection, path: &Path, from: Tables) -> Result<(), StoreError> {
    let failed = |error| failed("make its tables in", path, error);
    // The old table is dropped; what the application's tables refer to it for is theirs to keep.
    let refers = connection
        .pragma_query_value(None, "foreign_keys", |row| row.get::<_, bool>(0))
        .map_err(failed)?;
    connection
        .pragma_update(None, "foreign_keys", false)
        .map_err(failed)?;
    let taken = take(connection, path, from);
    connection
        .pragma_update(None, "foreign_keys", refers)
        .map_err(failed)?;
    taken
}

fn take(connection: &mut Connection, path: &Path, from: Tables) -> Result<(), StoreError> {
    let failed = |error| failed("make its tables in", path, error);
    let transaction =
        Transaction::new_unchecked(connection, TransactionBehavior::Immediate).map_err(failed)?;
    if found(&transaction, path)? == from {
        match from {
            Tables::Current => {}
            Tables::Old => raise(&transaction).map_err(failed)?,
            Tables::Absent | Tables::Raised => make(&transaction, path, from)?,
        }
    }
    transaction.commit().map_err(failed)
}

fn raise(transaction: &Connection) -> rusqlite::Result<()> {
    transaction.execute(
        "INSERT INTO effect_store (one, version, fence) VALUES (1, ?1, 0) \
         ON CONFLICT (one) DO UPDATE SET version = ?1",
        [VERSION],
    )?;
    Ok(())
}

/// Makes the tables, and moves the records of an older one into them.
fn make(transaction: &Connection, path: &Path, from: Tables) -> Result<(), StoreError> {
    let failed = |error: rusqlite::Error| failed("make its tables in", path, error);
    let has_records = version_1::has_records(transaction).map_err(failed)?;
    if has_records {
        complete_columns(transaction, path)?;
    } else if from == Tables::Raised {
        return Err(StoreError::unreadable(format!(
            "{} has lost its records: there is a table effect_store of version 1, and no table \
             effect_records; restore the file",
            path.display()
        )));
    }
    refuse_others(transaction, path)?;
    let store = match from {
        Tables::Raised => STORE_OF_1,
        Tables::Absent | Tables::Old | Tables::Current => STORE,
    };
    let build = || -> rusqlite::Result<()> {
        transaction.execute_batch(store)?;
        transaction.execute_batch(TABLES)?;
        if has_records {
            version_1::move_records(transaction)?;
        }
        transaction.execute_batch(INDEXES)?;
        transaction.execute_batch(VIEW)
    };
    build().map_err(failed)
}

/// Returns an error if the application has a table with a name of this crate's.
fn refuse_others(transaction: &Connection, path: &Path) -> Result<(), StoreError> {
    const OTHER: &str = "SELECT name FROM sqlite_schema \
        WHERE name COLLATE NOCASE IN ('effects', 'effect_history')";
    let other: Option<String> = transaction
        .query_row(OTHER, [], |row| row.get(0))
        .optional()
        .map_err(|error| failed("open", path, error))?;
    match other {
        None => Ok(()),
        Some(name) => Err(StoreError::unreadable(format!(
            "{} has a table {name} of another program, which would also be this crate's; use another \
             file",
            path.display()
        ))),
    }
}

/// Gives Python's table the columns of version 1, where it lacks them.
fn complete_columns(transaction: &Connection, path: &Path) -> Result<(), StoreError> {
    let failed = |error| failed("make its tables in", path, error);
    let columns: Vec<String> = columns(transaction).map_err(failed)?;
    let has = |name: &str| columns.iter().any(|column| column == name);
    if let Some(missing) = PYTHON_COLUMNS.iter().find(|name| !has(name)) {
        return Err(StoreError::unreadable(format!(
            "{} has a table effect_records without the column {missing}: it is not one of \
             this crate's nor of nodus-retry's; use another file",
            path.display()
        )));
    }
    for (name, kind) in version_1::COLUMNS.iter().filter(|(name, _)| !has(name)) {
        let add = format!("ALTER TABLE effect_records ADD COLUMN {name} {kind}");
        transaction.execute_batch(&add).map_err(failed)?;
    }
    Ok(())
}

fn columns(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection
        .prepare("SELECT name FROM pragma_table_info('effect_records')")?
        .query_map([], |row| row.get(0))?
        .collect()
}
