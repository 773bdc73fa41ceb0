//! The statements that write a record.

use rusqlite::{Connection, params};

use super::columns::{integer, status_number};
use crate::identity::action_id::ActionId;
use crate::protocol::payload::Payload;
use crate::protocol::state_machine::Slot;

/// Writes a new record. Returns whether this call wrote it.
pub(super) fn insert(
    connection: &Connection,
    id: ActionId,
    slot: &Slot,
    boot: Option<u128>,
) -> rusqlite::Result<bool> {
    const INSERT: &str = "INSERT INTO effects (fence, id, status, claim_id, boot, revision, \
        lease_until_ns, lease_ns, keep_ms, retain_ms, created, input_hash, action_type, scope) \
        VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) \
        ON CONFLICT (id) DO NOTHING";
    let written = connection.prepare_cached(INSERT)?.execute(params![
        integer(slot.fence.number()),
        id.to_string(),
        status_number(slot.status),
        slot.claim_id.bits().to_be_bytes(),
        boot.map(u128::to_be_bytes),
        integer(slot.lease_until),
        integer(slot.lease),
        integer(slot.keep),
        (slot.retain != u64::MAX).then(|| integer(slot.retain)),
        integer(slot.created),
        slot.input_hash.as_ref().map(|hash| &hash.as_bytes()[..]),
        &*slot.action_type,
        &*slot.scope,
    ])?;
    Ok(written == 1)
}

/// Writes a new claim over an existing record, which moves to its new fence.
pub(super) fn overwrite(
    connection: &Connection,
    rowid: i64,
    slot: &Slot,
    boot: Option<u128>,
) -> rusqlite::Result<()> {
    const OVERWRITE: &str = "UPDATE effects SET revision = revision + 1, fence = ?2, status = ?3, \
        claim_id = ?4, boot = ?5, applied = ?6, renewals = ?7, lease_until_ns = ?8, lease_ns = ?9, \
        keep_ms = ?10, retain_ms = ?11, over_ms = NULL, created = ?12, completed = NULL, \
        input_hash = ?13, action_type = ?14, scope = ?15, foreign_status = NULL, format = 1, \
        payload = NULL WHERE fence = ?1";
    let written = connection.prepare_cached(OVERWRITE)?.execute(params![
        rowid,
        integer(slot.fence.number()),
        status_number(slot.status),
        slot.claim_id.bits().to_be_bytes(),
        boot.map(u128::to_be_bytes),
        slot.applied,
        integer(slot.renewals),
        integer(slot.lease_until),
        integer(slot.lease),
        integer(slot.keep),
        (slot.retain != u64::MAX).then(|| integer(slot.retain)),
        integer(slot.created),
        slot.input_hash.as_ref().map(|hash| &hash.as_bytes()[..]),
        &*slot.action_type,
        &*slot.scope,
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
    // A record that stays pending stays set aside, if it is.
    const UPDATE: &str = "UPDATE effects SET revision = revision + 1, \
        status = CASE ?2 WHEN 0 THEN status ELSE ?2 END, boot = ?3, applied = ?4, renewals = ?5, \
        lease_until_ns = ?6, lease_ns = ?7, keep_ms = ?8, over_ms = ?9, completed = ?10, \
        foreign_status = NULL, format = ?11, payload = ?12 WHERE fence = ?1";
    let written = connection.prepare_cached(UPDATE)?.execute(params![
        rowid,
        status_number(slot.status),
        boot.map(u128::to_be_bytes),
        slot.applied,
        integer(slot.renewals),
        integer(slot.lease_until),
        integer(slot.lease),
        integer(slot.keep),
        slot.over_at().map(integer),
        (slot.completed > 0).then(|| integer(slot.completed)),
        slot.payload.as_ref().map_or(1, Payload::format),
        slot.payload.as_ref().map(Payload::json),
    ])?;
    one(written)
}

/// Writes the end of a claim that is unchanged since it was won, without reading it; `slot` is the
/// state machine's decision on such a record. Returns whether there was one.
pub(super) fn finish_own(
    connection: &Connection,
    id: ActionId,
    slot: &Slot,
    boot: Option<u128>,
) -> rusqlite::Result<bool> {
    // As `Slot::over_at`. A sum that is too large for an integer is a real number, and larger.
    const FINISH: &str = "UPDATE effects SET revision = revision + 1, status = ?5, \
        lease_until_ns = ?6, completed = ?7, format = ?8, payload = ?9, \
        over_ms = min(?7 + max(retain_ms, keep_ms), 9223372036854775807) \
        WHERE fence = ?1 AND status = 0 AND claim_id = ?2 AND boot IS ?3 AND id = ?4";
    let written = connection.prepare_cached(FINISH)?.execute(params![
        integer(slot.fence.number()),
        slot.claim_id.bits().to_be_bytes(),
        boot.map(u128::to_be_bytes),
        id.to_string(),
        status_number(slot.status),
        integer(slot.lease_until),
        integer(slot.completed),
        slot.payload.as_ref().map_or(1, Payload::format),
        slot.payload.as_ref().map(Payload::json),
    ])?;
    Ok(written == 1)
}

/// Expects one written row: it was read in the same transaction.
fn one(written: usize) -> rusqlite::Result<()> {
    match written {
        1 => Ok(()),
        other => Err(rusqlite::Error::StatementChangedRows(other)),
    }
}
