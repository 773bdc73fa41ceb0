//! The tables made, or moved from version 1 and from the Python package; many processes may do it at
//! once.
//!
//! Version 1 keeps its records in a table `effect_records`, and its programs may be at work. So its
//! records move in two steps. First the version is raised: programs of version 1 then refuse to claim,
//! and still renew, complete and release. Once no claim of theirs is alive, or one default lease has
//! passed, everything moves in one transaction. A crash between the two leaves a file that the next
//! program to open it finishes.

use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior};

use super::clock::LeaseClock;
use super::columns::{Bits, Natural, integer};
use super::connection::failed;
use super::header::Header;
use super::schema::{Tables, VERSION, found};
use super::tables::{STORE, STORE_OF_1, TABLES, VIEW};
use crate::protocol::claim::DEFAULT_LEASE;
use crate::protocol::state_machine::nanos;
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

/// The columns that version 1 added to Python's table.
const COLUMNS_OF_1: [(&str, &str); 13] = [
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

/// The pause between two looks at the claims of version 1.
const PAUSE: Duration = Duration::from_millis(10);

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
                drain(connection, clock).map_err(|error| failed("read", path, error))?;
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

/// Waits until no claim of version 1 is alive, one default lease has passed, or another process has moved
/// the records. No new claim comes: the version is raised.
fn drain(connection: &Connection, clock: &LeaseClock) -> rusqlite::Result<()> {
    match claims_end(connection, clock) {
        Err(_) if !has_old_table(connection)? => Ok(()),
        outcome => outcome,
    }
}

fn claims_end(connection: &Connection, clock: &LeaseClock) -> rusqlite::Result<()> {
    const CLAIMED: &str =
        "SELECT rowid FROM effect_records WHERE status = 'pending' AND revision > 0";
    let until = clock.now().lease.saturating_add(nanos(DEFAULT_LEASE));
    let mut claimed: Vec<i64> = connection
        .prepare(CLAIMED)?
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    loop {
        let mut alive = Vec::with_capacity(claimed.len());
        for rowid in claimed {
            if is_alive(connection, rowid, clock)? {
                alive.push(rowid);
            }
        }
        if alive.is_empty() || clock.now().lease >= until {
            return Ok(());
        }
        claimed = alive;
        thread::sleep(PAUSE);
    }
}

fn is_alive(connection: &Connection, rowid: i64, clock: &LeaseClock) -> rusqlite::Result<bool> {
    const LEASE: &str = "SELECT boot, lease_until_ns, lease_ns FROM effect_records \
        WHERE rowid = ?1 AND status = 'pending'";
    let now = clock.now();
    let mut statement = connection.prepare_cached(LEASE)?;
    let mut rows = statement.query([rowid])?;
    let Some(row) = rows.next()? else {
        return Ok(false);
    };
    let boot = row.get::<_, Option<Bits>>(0)?.map(|bits| bits.0);
    let [until, lease] = [row.get::<_, Natural>(1)?.0, row.get::<_, Natural>(2)?.0];
    Ok(clock.lease_until(boot, until, lease, now) > now.lease)
}

fn has_old_table(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'effect_records'")?
        .exists([])
}

/// Makes the tables, and moves the records of an older one into them.
fn make(transaction: &Connection, path: &Path, from: Tables) -> Result<(), StoreError> {
    let failed = |error: rusqlite::Error| failed("make its tables in", path, error);
    let has_records = has_old_table(transaction).map_err(failed)?;
    if has_records {
        complete_columns(transaction, path)?;
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
            move_records(transaction)?;
        }
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
    for (name, kind) in COLUMNS_OF_1.iter().filter(|(name, _)| !has(name)) {
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

/// A time of version 1: in milliseconds if this crate has claimed the record, else Python's text.
macro_rules! time {
    ($column:literal) => {
        concat!(
            "CASE WHEN fence > 0 AND ",
            $column,
            " GLOB '????-??-??T??:??:??*+00:00' AND unixepoch(",
            $column,
            ") >= 0 THEN unixepoch(substr(",
            $column,
            ", 1, 19)) * 1000 + CASE substr(",
            $column,
            ", 20, 1) WHEN '.' THEN substr(",
            $column,
            ", 21, 3) + 0 ELSE 0 END ELSE ",
            $column,
            " END"
        )
    };
}

/// Copies rows; the fence comes first, the condition last.
macro_rules! copy {
    ($fence:literal, $condition:literal) => {
        concat!(
            "INSERT INTO effects (fence, id, status, claim_id, boot, revision, applied, renewals, ",
            "lease_until_ns, lease_ns, keep_ms, retain_ms, over_ms, created, completed, input_hash, ",
            "action_type, scope, foreign_status, format, payload) SELECT ",
            $fence,
            ", action_id, CASE WHEN status = 'success' THEN 1 WHEN status = 'pending' THEN 0 ",
            "WHEN revision = 0 THEN 4 WHEN status = 'failed' THEN 2 WHEN status = 'released' THEN 3 ",
            "ELSE 4 END, claim_id, boot, revision, applied, renewals, lease_until_ns, lease_ns, ",
            "keep_ms, retain_ms, over_at_ms, ",
            time!("created_at"),
            ", ",
            time!("completed_at"),
            ", CASE WHEN revision > 0 AND length(input_hash) = 67 AND substr(input_hash, 1, 3) = 'r1:' ",
            "THEN coalesce(unhex(substr(input_hash, 4)), input_hash) ",
            "ELSE nullif(input_hash, '') END, action_type, scope, ",
            "CASE WHEN revision = 0 AND status NOT IN ('pending', 'success') THEN status END, ",
            "format, result_payload FROM effect_records WHERE ",
            $condition
        )
    };
}

/// Moves all records. Python's, and those of Python's that were only settled here, have no fence: they get
/// one of the store's counter as their place.
fn move_records(transaction: &Connection) -> rusqlite::Result<()> {
    let mut header = Header::read(transaction)?;
    let newest = "SELECT coalesce(max(fence), 0) FROM effect_records";
    let Natural(newest) = transaction.query_row(newest, [], |row| row.get(0))?;
    header.fence = header.fence.max(newest);
    let claimed = transaction.execute(copy!("fence", "fence > 0"), [])? as u64;
    let others = transaction.execute(
        copy!("?1 + row_number() OVER (ORDER BY rowid)", "fence <= 0"),
        [integer(header.fence)],
    )? as u64;
    header.fence += others;
    header.records = claimed + others;
    transaction.execute_batch("DROP TABLE effect_records")?;
    header.advance(transaction)?;
    header.write(transaction)
}
