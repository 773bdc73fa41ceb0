//! A record as a row of `effects`, and back.

use std::time::SystemTime;

use tokio_postgres::Row;
use uuid::Uuid;

use super::name::unescaped;
use crate::identity::action_id::ActionId;
use crate::protocol::ids::{ClaimId, Fence, InputHash};
use crate::protocol::operation::{Seen, Stored};
use crate::protocol::payload::{FORMAT, Payload};
use crate::protocol::record::Status;
use crate::protocol::state_machine::{Now, Slot, millis};
use crate::protocol::store_error::StoreError;

/// The columns of a record, in the order in which they are read below.
pub(super) const COLUMNS: &str = "r.action_id, r.revision, r.st, r.flags, r.fence, r.claim_id, \
    r.input_hash, r.type, r.scope, r.lease_until, r.lease_us, r.renewals, r.made_at, \
    r.done_at, r.keep_ms, r.retain_ms, r.format, r.payload";

/// The first column of statements that only read: whether the server is a standby, which may report
/// an outdated lease. A standby refuses writes itself.
pub(super) const STANDBY: &str = "is_standby";

/// The flag of a record that a waiter wants to hear of.
pub(super) const WATCHED: i16 = 1;

/// The flag of a record whose effect is known to have happened.
pub(super) const APPLIED: i16 = 2;

/// Returns the number of a status in the table. A new status gets a new number.
pub(super) const fn code(status: Status) -> i16 {
    match status {
        Status::Pending => 0,
        Status::Success => 1,
        Status::Failed => 2,
        Status::Released => 3,
        Status::InDoubt => 4,
    }
}

/// The number of a pending record's status.
pub(super) const PENDING: i16 = code(Status::Pending);

/// Reads the server's time in column `at`, and the record in the columns after it; `None` where they are
/// null.
pub(super) fn read(row: &Row, at: usize) -> Result<Option<(ActionId, Stored)>, StoreError> {
    try_read(row, at, at + 1).map_err(|error| {
        StoreError::unreadable(format!(
            "the table effects holds a record that no version has written: {error}"
        ))
    })
}

/// Converts a fence to the server's integer.
pub(super) fn number(fence: Fence) -> i64 {
    i64::try_from(fence.number()).unwrap_or(i64::MAX)
}

/// Converts a revision to the server's integer.
pub(super) fn revision(seen: Seen) -> i32 {
    i32::try_from(seen.revision).unwrap_or(i32::MAX)
}

type Odd = Box<dyn std::error::Error + Send + Sync>;

fn try_read(row: &Row, at: usize, first: usize) -> Result<Option<(ActionId, Stored)>, Odd> {
    let Some(id) = row.try_get::<_, Option<&[u8]>>(first)? else {
        return Ok(None);
    };
    let column = |number| first + number;
    let status: i16 = row.try_get(column(2))?;
    let flags: i16 = row.try_get(column(3))?;
    let payload: Option<&str> = row.try_get(column(17))?;
    let format: Option<i32> = row.try_get(column(16))?;
    let retain: Option<i64> = row.try_get(column(15))?;
    let completed: Option<SystemTime> = row.try_get(column(13))?;
    let hash: Option<&[u8]> = row.try_get(column(6))?;
    let hash: Option<[u8; 32]> = hash.map(TryInto::try_into).transpose()?;
    let status = Status::ALL.iter().find(|known| code(**known) == status);
    let status = *status.ok_or_else(|| format!("its st is {}", row.get::<_, i16>(column(2))))?;
    let mut slot = Slot {
        status,
        applied: flags & APPLIED != 0,
        fence: Fence::new(natural(row, column(4))?),
        claim_id: ClaimId::from_bits(row.try_get::<_, Uuid>(column(5))?.as_u128()),
        input_hash: hash.map(InputHash::from_bytes),
        action_type: unescaped(row.try_get(column(7))?).into(),
        scope: unescaped(row.try_get(column(8))?).into(),
        lease_until: nanos(row.try_get(column(9))?),
        lease: natural(row, column(10))?.saturating_mul(1000),
        renewals: row.try_get::<_, i32>(column(11))?.try_into()?,
        created: wall(row.try_get(column(12))?),
        completed: completed.map_or(0, wall),
        keep: natural(row, column(14))?,
        retain: retain.map_or(Ok(u64::MAX), u64::try_from)?,
        payload: payload
            .map(|json| read_format(format).map(|format| Payload::with_format(format, json)))
            .transpose()?,
    };
    if slot.is_finished() {
        // Both clocks are the wall clock here, which alone gives the age of a record.
        slot.lease_until = u64::MAX;
    }
    let time: SystemTime = row.try_get(at)?;
    let revision: i32 = row.try_get(column(1))?;
    let stored = Stored {
        seen: Seen {
            revision: revision.try_into()?,
            fence: slot.fence,
        },
        slot,
        now: Now {
            lease: nanos(time),
            wall: wall(time),
        },
    };
    Ok(Some((ActionId::from_bytes(id.try_into()?), stored)))
}

/// Returns the format of a payload as a column; null for the default.
pub(super) fn format(payload: Option<&Payload>) -> Option<i32> {
    let format = payload.map_or(FORMAT, Payload::format);
    (format != FORMAT).then(|| i32::try_from(format).unwrap_or(i32::MAX))
}

fn read_format(column: Option<i32>) -> Result<u32, Odd> {
    Ok(column.map_or(Ok(FORMAT), u32::try_from)?)
}

/// Returns a claim id as a column.
pub(super) fn uuid(claim_id: ClaimId) -> Uuid {
    Uuid::from_u128(claim_id.bits())
}

fn natural(row: &Row, column: usize) -> Result<u64, Odd> {
    Ok(u64::try_from(row.try_get::<_, i64>(column)?)?)
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    crate::protocol::state_machine::nanos(since.unwrap_or_default())
}

fn wall(time: SystemTime) -> u64 {
    millis(
        time.duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default(),
    )
}

/// The upper limit of times, a thousand years: the server's times end in the year 294276.
const LONGEST_US: i64 = 1000 * 366 * 86_400 * 1_000_000;

/// Converts a lease to the server's microseconds, rounded up so that no part of it is lost.
pub(super) fn micros(nanos: u64) -> i64 {
    i64::try_from(nanos.div_ceil(1000)).map_or(LONGEST_US, |micros| micros.min(LONGEST_US))
}

/// Converts the time for which a record is kept.
pub(super) fn kept(millis: u64) -> i64 {
    i64::try_from(millis).map_or(LONGEST_US / 1000, |millis| millis.min(LONGEST_US / 1000))
}

/// Converts a limited retention; `None` if the record is kept until it is purged.
pub(super) fn retained(millis: u64) -> Option<i64> {
    (millis != u64::MAX).then(|| kept(millis))
}
