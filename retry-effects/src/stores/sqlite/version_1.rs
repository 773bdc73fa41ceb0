//! Version 1, whose records are in a table `effect_records` with the columns of Python's and its own: its
//! claims are waited for, its records moved.

use std::thread;
use std::time::Duration;

use rusqlite::Connection;

use super::clock::LeaseClock;
use super::columns::{Bits, Natural, integer};
use super::header::Header;
use crate::protocol::claim::DEFAULT_LEASE;
use crate::protocol::state_machine::nanos;

/// The columns that version 1 added to Python's table.
pub(super) const COLUMNS: [(&str, &str); 13] = [
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

/// Waits until no claim of version 1 is alive, one default lease has passed, or another process has moved
/// the records. No new claim comes: the version is raised.
pub(super) fn drain(connection: &Connection, clock: &LeaseClock) -> rusqlite::Result<()> {
    match claims_end(connection, clock) {
        Err(_) if !has_records(connection)? => Ok(()),
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

/// Whether there is such a table; of Python's alone, too.
pub(super) fn has_records(connection: &Connection) -> rusqlite::Result<bool> {
    connection
        .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'effect_records'")?
        .exists([])
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
pub(super) fn move_records(transaction: &Connection) -> rusqlite::Result<()> {
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
