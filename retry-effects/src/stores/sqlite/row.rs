//! A record as a row of `effect_records`, and back.

use std::sync::Arc;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::clock::LeaseClock;
use crate::identity::action_id::ActionId;
use crate::protocol::claim::DEFAULT_LEASE;
use crate::protocol::counts::Counts;
use crate::protocol::filter::Filter;
use crate::protocol::ids::InputHash;
use crate::protocol::ids::{ClaimId, Fence};
use crate::protocol::payload::Payload;
use crate::protocol::reason::Reason;
use crate::protocol::record::{Record, Status};
use crate::protocol::state_machine::{Now, Slot, millis, nanos};
use crate::stores::timestamp;

/// A record that is in the file.
pub(super) struct Stored {
    pub(super) rowid: i64,
    pub(super) slot: Slot,
}

/// The beginning of every `SELECT` of a record; [`Stored::read`] uses the same order.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT rowid, revision, status, applied, fence, claim_id, input_hash, action_type, ",
            "scope, boot, lease_until_ns, lease_ns, renewals, keep_ms, retain_ms, created_at, ",
            "completed_at, format, result_payload, action_id FROM effect_records ",
            $rest
        )
    };
}

const FIND: &str = select!("WHERE action_id = ?1");
const PAGE: &str = select!("WHERE action_id > ?1 ORDER BY action_id");
/// Records that may be pending or in doubt, few among many: the others are skipped without being
/// read. Another program's "failed" counts as one.
const OPEN_PAGE: &str =
    select!("WHERE action_id > ?1 AND status NOT IN ('success', 'released') ORDER BY action_id");
/// A number of rows after one of them, in storage order.
pub(super) const ROWS: &str = select!("WHERE rowid > ?1 ORDER BY rowid LIMIT ?2");

/// Returns the record of one action.
pub(super) fn find(
    connection: &Connection,
    id: ActionId,
    clock: &LeaseClock,
    now: Now,
) -> rusqlite::Result<Option<Stored>> {
    connection
        .prepare_cached(FIND)?
        .query_row([id.to_string()], |row| Stored::read(row, clock, now))
        .optional()
}

/// Returns the records that a filter selects.
pub(super) fn list(
    connection: &Connection,
    clock: &LeaseClock,
    filter: &Filter,
) -> rusqlite::Result<Vec<Record>> {
    let now = clock.now();
    let limit = filter.limit.unwrap_or(usize::MAX);
    let mut records = Vec::new();
    let page = match filter.status {
        Some(Status::Pending | Status::InDoubt) => OPEN_PAGE,
        _ => PAGE,
    };
    let mut statement = connection.prepare_cached(page)?;
    let mut rows = statement.query([filter.after.map_or_else(String::new, |id| id.to_string())])?;
    while records.len() < limit {
        let Some(row) = rows.next()? else { break };
        let Some(id) = id_of(row)? else { continue };
        let Stored { slot, .. } = Stored::read(row, clock, now)?;
        if slot.is_selected(filter, now) {
            records.push(slot.record(id, now));
        }
    }
    Ok(records)
}

/// Returns the number of records in each status, also of those that another program named by a rule of
/// its own.
///
/// Only open records, few among many, are read: time changes their status.
pub(super) fn counts(connection: &Connection, clock: &LeaseClock) -> rusqlite::Result<Counts> {
    const FINISHED: &str = "SELECT count(*) FROM effect_records WHERE status = ?1 \
        AND (over_at_ms IS NULL OR over_at_ms > ?2)";
    const OPEN: &str = select!("WHERE status NOT IN ('success', 'released')");
    let now = clock.now();
    let mut counts = Counts::default();
    let mut finished = connection.prepare_cached(FINISHED)?;
    let mut finished = |status: Status| {
        finished.query_row(params![status.as_str(), integer(now.wall)], |row| {
            row.get(0).map(|Natural(count)| count)
        })
    };
    counts.success = finished(Status::Success)?;
    counts.released = finished(Status::Released)?;
    let mut open = connection.prepare_cached(OPEN)?;
    let mut rows = open.query([])?;
    while let Some(row) = rows.next()? {
        let Stored { slot, .. } = Stored::read(row, clock, now)?;
        if !slot.is_over(now) {
            counts.add(slot.status_at(now));
        }
    }
    Ok(counts)
}

/// Returns the id of a row; `None` if another program named the action by its own rule.
fn id_of(row: &Row<'_>) -> rusqlite::Result<Option<ActionId>> {
    let text = row.get_ref(19)?;
    Ok(text.as_str().ok().and_then(|text| text.parse().ok()))
}

impl Stored {
    pub(super) fn read(row: &Row<'_>, clock: &LeaseClock, now: Now) -> rusqlite::Result<Self> {
        let is_ours = row.get::<_, i64>(1)? > 0;
        let created = row.get_ref(15)?.as_str().ok().and_then(timestamp::read);
        let completed = row.get_ref(16)?;
        let mut slot = Slot {
            status: row.get::<_, StatusColumn>(2)?.0,
            applied: row.get(3)?,
            fence: Fence::new(row.get::<_, Natural>(4)?.0),
            claim_id: row
                .get::<_, Option<Bits>>(5)?
                .map_or(ClaimId::from_bits(0), |bits| ClaimId::from_bits(bits.0)),
            input_hash: row.get::<_, HashColumn>(6)?.0,
            action_type: row.get::<_, Arc<str>>(7)?.into(),
            scope: row.get::<_, Arc<str>>(8)?.into(),
            lease_until: row.get::<_, Natural>(10)?.0,
            lease: row.get::<_, Natural>(11)?.0,
            renewals: row.get::<_, Natural>(12)?.0,
            created: created.unwrap_or(0),
            completed: 0,
            keep: row.get::<_, Natural>(13)?.0,
            retain: row
                .get::<_, Option<Natural>>(14)?
                .map_or(u64::MAX, |retain| retain.0),
            payload: payload(row)?,
        };
        if completed != ValueRef::Null {
            // A value that is not a time counts as just now: the record is not removed for its age.
            let read = completed.as_str().ok().and_then(timestamp::read);
            slot.completed = read.unwrap_or(now.wall);
        }
        if is_ours {
            let boot = row.get::<_, Option<Bits>>(9)?.map(|bits| bits.0);
            if !slot.is_finished() {
                slot.lease_until = clock.lease_until(boot, slot.lease_until, slot.lease, now);
            } else if boot.is_none() || boot != clock.boot() {
                slot.lease_until = u64::MAX;
            }
        } else {
            slot.as_another_programs(now);
        }
        Ok(Self {
            rowid: row.get(0)?,
            slot,
        })
    }
}

/// The reason of the doubt for another program's record that says "failed".
const FAILED_ELSEWHERE: &str = "another program recorded that it failed, which proves nothing";

impl Slot {
    /// Treats this as the record of a program that has neither leases nor doubt.
    fn as_another_programs(&mut self, now: Now) {
        self.keep = millis(DEFAULT_LEASE);
        match self.status {
            Status::Success => self.lease_until = u64::MAX,
            Status::Pending => {
                let over = self.created.saturating_add(millis(DEFAULT_LEASE));
                let left = over.saturating_sub(now.wall).min(millis(DEFAULT_LEASE));
                self.lease = nanos(DEFAULT_LEASE);
                self.lease_until = now.lease.saturating_add(left * 1_000_000);
            }
            // The other program writes "failed" also where the effect happened and the answer was
            // lost.
            _ => {
                let failed = self.status == Status::Failed;
                self.payload = failed.then(|| Reason::new(FAILED_ELSEWHERE).to_payload());
                self.status = Status::InDoubt;
                self.completed = 0;
            }
        }
    }
}

/// Writes a new record. Returns whether this call wrote it.
pub(super) fn insert(
    connection: &Connection,
    id: ActionId,
    slot: &Slot,
    boot: Option<u128>,
) -> rusqlite::Result<bool> {
    const INSERT: &str = "INSERT INTO effect_records (action_id, revision, status, applied, fence, \
        claim_id, input_hash, action_type, scope, boot, lease_until_ns, lease_ns, renewals, \
        keep_ms, retain_ms, created_at) \
        VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) \
        ON CONFLICT (action_id) DO NOTHING";
    let written = connection.prepare_cached(INSERT)?.execute(params![
        id.to_string(),
        slot.status.as_str(),
        slot.applied,
        integer(slot.fence.number()),
        slot.claim_id.bits().to_be_bytes(),
        hash_text(slot.input_hash),
        &*slot.action_type,
        &*slot.scope,
        boot.map(u128::to_be_bytes),
        integer(slot.lease_until),
        integer(slot.lease),
        integer(slot.renewals),
        integer(slot.keep),
        (slot.retain != u64::MAX).then(|| integer(slot.retain)),
        timestamp::written(slot.created),
    ])?;
    Ok(written == 1)
}

/// Writes a new claim over an existing record.
pub(super) fn overwrite(
    connection: &Connection,
    rowid: i64,
    slot: &Slot,
    boot: Option<u128>,
) -> rusqlite::Result<()> {
    const OVERWRITE: &str = "UPDATE effect_records SET revision = revision + 1, status = ?2, \
        applied = ?3, fence = ?4, claim_id = ?5, input_hash = ?6, action_type = ?7, scope = ?8, \
        boot = ?9, lease_until_ns = ?10, lease_ns = ?11, renewals = ?12, keep_ms = ?13, \
        retain_ms = ?14, created_at = ?15, completed_at = NULL, format = 1, \
        result_payload = NULL, over_at_ms = NULL WHERE rowid = ?1";
    let written = connection.prepare_cached(OVERWRITE)?.execute(params![
        rowid,
        slot.status.as_str(),
        slot.applied,
        integer(slot.fence.number()),
        slot.claim_id.bits().to_be_bytes(),
        hash_text(slot.input_hash),
        &*slot.action_type,
        &*slot.scope,
        boot.map(u128::to_be_bytes),
        integer(slot.lease_until),
        integer(slot.lease),
        integer(slot.renewals),
        integer(slot.keep),
        (slot.retain != u64::MAX).then(|| integer(slot.retain)),
        timestamp::written(slot.created),
    ])?;
    one(written)
}

/// Writes the change by an outcome, a renewal, a release or a settlement.
pub(super) fn update(
    connection: &Connection,
    rowid: i64,
    slot: &Slot,
    boot: Option<u128>,
) -> rusqlite::Result<()> {
    const UPDATE: &str = "UPDATE effect_records SET revision = revision + 1, status = ?2, \
        applied = ?3, boot = ?4, lease_until_ns = ?5, lease_ns = ?6, renewals = ?7, \
        completed_at = ?8, format = ?9, result_payload = ?10, keep_ms = ?11, over_at_ms = ?12 \
        WHERE rowid = ?1";
    let written = connection.prepare_cached(UPDATE)?.execute(params![
        rowid,
        slot.status.as_str(),
        slot.applied,
        boot.map(u128::to_be_bytes),
        integer(slot.lease_until),
        integer(slot.lease),
        integer(slot.renewals),
        (slot.completed > 0).then(|| timestamp::written(slot.completed)),
        slot.payload.as_ref().map_or(1, Payload::format),
        slot.payload.as_ref().map(Payload::json),
        integer(slot.keep),
        slot.over_at().map(integer),
    ])?;
    one(written)
}

/// Expects one written row: it was read in the same transaction.
fn one(written: usize) -> rusqlite::Result<()> {
    match written {
        1 => Ok(()),
        other => Err(rusqlite::Error::StatementChangedRows(other)),
    }
}

/// Converts to an integer of SQLite's, which end at 2⁶³: as a time, as good as never.
pub(super) fn integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn payload(row: &Row<'_>) -> rusqlite::Result<Option<Payload>> {
    let Some(json) = row.get::<_, Option<Arc<str>>>(18)? else {
        return Ok(None);
    };
    Ok(Some(Payload::with_format(row.get(17)?, json)))
}

/// Marks hashes in this crate's form; another program's have a form of their own.
const HASH_FORM: &str = "r1:";

fn hash_text(hash: Option<InputHash>) -> String {
    use std::fmt::Write;
    let Some(hash) = hash else {
        return String::new();
    };
    let mut text = String::with_capacity(HASH_FORM.len() + 64);
    text.push_str(HASH_FORM);
    for byte in hash.as_bytes() {
        write!(text, "{byte:02x}").expect("a String takes all");
    }
    text
}

/// The hash of a text in this crate's form; a hash in any other form is not compared.
struct HashColumn(Option<InputHash>);

impl FromSql for HashColumn {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let hex = value
            .as_str()
            .ok()
            .and_then(|text| text.strip_prefix(HASH_FORM));
        // An action id has the same text form.
        let bytes = hex.and_then(|hex| hex.parse::<ActionId>().ok());
        Ok(Self(
            bytes.map(|bytes| InputHash::from_bytes(*bytes.as_bytes())),
        ))
    }
}

struct StatusColumn(Status);

impl FromSql for StatusColumn {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        // An unknown status of another program proves nothing.
        Ok(Self(value.as_str()?.parse().unwrap_or(Status::InDoubt)))
    }
}

/// 128 bits, the highest byte first.
struct Bits(u128);

impl FromSql for Bits {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let bytes = <[u8; 16]>::try_from(value.as_blob()?);
        let bytes = bytes.map_err(|error| FromSqlError::Other(Box::new(error)))?;
        Ok(Self(u128::from_be_bytes(bytes)))
    }
}

/// An integer that is not negative.
pub(super) struct Natural(pub(super) u64);

impl FromSql for Natural {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let integer = value.as_i64()?;
        let natural = u64::try_from(integer).map_err(|_| FromSqlError::OutOfRange(integer))?;
        Ok(Self(natural))
    }
}
