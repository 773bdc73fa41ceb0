//! The statements that write a record.
//!
//! A record is seen with the place of its row, which is its fence; another program's record has no other.
//! That program raises no revision, but a row that it makes anew has another place.

use rusqlite::{Connection, ToSql, params};

use super::columns::{integer, status_number};
use super::schema::VERSION;
use crate::identity::action_id::ActionId;
use crate::protocol::ids::Fence;
use crate::protocol::operation::Seen;
use crate::protocol::payload::Payload;
use crate::protocol::state_machine::Slot;

/// The statement that makes a record with this fence.
macro_rules! insert {
    ($fence:literal) => {
        concat!(
            "INSERT INTO effects (id, status, claim_id, boot, lease_until_ns, lease_ns, keep_ms, ",
            "retain_ms, created, input_hash, action_type, scope, fence, revision) VALUES ",
            "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ",
            $fence,
            ", 1) ON CONFLICT (id) DO NOTHING"
        )
    };
}

/// Writes a new record. Returns whether this call wrote it.
pub(super) fn insert(
    connection: &Connection,
    id: ActionId,
    slot: &Slot,
    boot: Option<u128>,
) -> rusqlite::Result<bool> {
    const INSERT: &str = insert!("?13");
    let unseen = Seen {
        revision: 0,
        fence: Fence::NONE,
    };
    write_claim(connection, INSERT, id, unseen, slot, boot)
}

/// Writes a new record under the next fence, which is not known before. Returns that fence if this call
/// wrote it.
///
/// A datatype mismatch says that the tables are of a newer version.
pub(super) fn insert_next(
    connection: &Connection,
    id: ActionId,
    slot: &Slot,
    boot: Option<u128>,
) -> rusqlite::Result<Option<Fence>> {
    // As `Header::read`. The text is refused in the place of a fence; NULL would be replaced by a number.
    const INSERT_NEXT: &str = insert!(
        "coalesce((SELECT CASE WHEN version <= 2 \
         THEN max(fence, coalesce((SELECT max(e.fence) FROM effects e), 0)) + 1 END \
         FROM effect_store), 'newer')"
    );
    const { assert!(VERSION == 2) };
    let unseen = Seen {
        revision: 0,
        fence: Fence::NONE,
    };
    let is_written = write_claim(connection, INSERT_NEXT, id, unseen, slot, boot)?;
    let fence = u64::try_from(connection.last_insert_rowid()).unwrap_or(0);
    Ok(is_written.then(|| Fence::new(fence)))
}

/// Writes a new claim over a record that is as it was seen; the record moves to its new fence. Returns
/// whether it was.
pub(super) fn overwrite(
    connection: &Connection,
    id: ActionId,
    seen: Seen,
    slot: &Slot,
    boot: Option<u128>,
) -> rusqlite::Result<bool> {
    const OVERWRITE: &str = "UPDATE effects SET revision = revision + 1, status = ?2, \
        claim_id = ?3, boot = ?4, lease_until_ns = ?5, lease_ns = ?6, keep_ms = ?7, retain_ms = ?8, \
        created = ?9, input_hash = ?10, action_type = ?11, scope = ?12, fence = ?13, applied = 0, \
        renewals = 0, over_ms = NULL, completed = NULL, foreign_status = NULL, format = 1, \
        payload = NULL WHERE id = ?1 AND revision = ?14 AND fence = ?15";
    write_claim(connection, OVERWRITE, id, seen, slot, boot)
}

/// Executes a statement that writes a claim, which uses the first of these values. Returns whether it
/// wrote a record.
fn write_claim(
    connection: &Connection,
    statement: &str,
    id: ActionId,
    seen: Seen,
    slot: &Slot,
    boot: Option<u128>,
) -> rusqlite::Result<bool> {
    let mut statement = connection.prepare_cached(statement)?;
    let values: &[&dyn ToSql] = params![
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
        integer(slot.fence.number()),
        integer(seen.revision),
        integer(seen.fence.number()),
    ];
    let used = statement.parameter_count();
    Ok(statement.execute(&values[..used])? == 1)
}

/// Writes the change by an outcome, a renewal, a release or a settlement over a record that is as it was
/// seen. Returns whether it was.
pub(super) fn update(
    connection: &Connection,
    id: ActionId,
    seen: Seen,
    slot: &Slot,
    boot: Option<u128>,
) -> rusqlite::Result<bool> {
    // A record that stays pending stays set aside, if it is.
    const UPDATE: &str = "UPDATE effects SET revision = revision + 1, \
        status = CASE ?4 WHEN 0 THEN status ELSE ?4 END, boot = ?5, applied = ?6, renewals = ?7, \
        lease_until_ns = ?8, lease_ns = ?9, keep_ms = ?10, over_ms = ?11, completed = ?12, \
        foreign_status = NULL, format = ?13, payload = ?14 \
        WHERE id = ?1 AND revision = ?2 AND fence = ?3";
    let written = connection.prepare_cached(UPDATE)?.execute(params![
        id.to_string(),
        integer(seen.revision),
        integer(seen.fence.number()),
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
    Ok(written == 1)
}

/// Removes a record that is as it was seen. Returns whether it was.
pub(super) fn remove(connection: &Connection, id: ActionId, seen: Seen) -> rusqlite::Result<bool> {
    const REMOVE: &str = "DELETE FROM effects WHERE id = ?1 AND revision = ?2 AND fence = ?3";
    let removed = connection.prepare_cached(REMOVE)?.execute(params![
        id.to_string(),
        integer(seen.revision),
        integer(seen.fence.number()),
    ])?;
    Ok(removed == 1)
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

/// Removes records by their place, without a look at them: for records that have no id of this crate's.
pub(super) fn remove_unnamed(connection: &Connection, places: &[i64]) -> rusqlite::Result<u64> {
    // Another program may have replaced one since.
    const REMOVE: &str = "DELETE FROM effects WHERE fence = ?1 AND revision = 0 AND status = 1";
    let mut remove = connection.prepare_cached(REMOVE)?;
    let mut removed = 0;
    for place in places {
        removed += u64::try_from(remove.execute([place])?).unwrap_or(0);
    }
    Ok(removed)
}

/// Writes a record that is as it was seen once more, without a difference. Returns whether it was.
pub(super) fn touch(connection: &Connection, id: ActionId, seen: Seen) -> rusqlite::Result<bool> {
    const TOUCH: &str =
        "UPDATE effects SET revision = revision WHERE id = ?1 AND revision = ?2 AND fence = ?3";
    let written = connection.prepare_cached(TOUCH)?.execute(params![
        id.to_string(),
        integer(seen.revision),
        integer(seen.fence.number()),
    ])?;
    Ok(written == 1)
}
