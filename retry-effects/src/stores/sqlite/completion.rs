//! The completion of an action in a transaction of the user's, by whatever driver.

use super::clock::LeaseClock;
use super::columns::{integer, status_number};
use super::schema::VERSION;
use crate::protocol::completion::{Completion, Dialect, SqlParam};
use crate::protocol::ids::Token;
use crate::protocol::operation::Write;
use crate::protocol::payload::{FORMAT, Payload};
use crate::protocol::state_machine::Slot;

/// Writes an outcome over the record of its owner, which may be in doubt if the outcome ends that.
///
/// No parameter is null: an empty text or blob, and 0 as the time of the end, stand for it. A record of a
/// newer version may have another meaning, and is left as it is.
const COMPLETION: &str = "UPDATE effects SET revision = revision + 1, status = ?5, boot = nullif(?4, x''), \
    applied = ?6, lease_until_ns = CASE ?8 WHEN 0 THEN min(lease_until_ns, ?7) ELSE ?7 END, \
    completed = nullif(?8, 0), foreign_status = NULL, format = ?9, payload = nullif(?10, ''), \
    over_ms = min(nullif(?8, 0) + max(retain_ms, keep_ms), 9223372036854775807) \
    WHERE fence = ?2 AND claim_id = ?3 AND id = ?1 \
    AND (status IN (0, 5) OR (status = 4 AND ?8 <> 0)) \
    AND (SELECT version FROM effect_store) = 2";
const _: () = assert!(VERSION == 2, "the version in the statement");

/// Returns the statement for a decision on the record of the token's owner.
///
/// The record ends now, and not at the commit, of which the store does not learn.
pub(super) fn of(clock: &LeaseClock, token: &Token, write: &Write) -> Completion {
    let mut slot = Slot::own(token);
    write.apply(&mut slot, clock.now());
    let payload = slot.payload.as_ref();
    let boot = clock.boot().map(u128::to_be_bytes);
    let params = vec![
        SqlParam::Text(token.id().to_string()),
        SqlParam::Integer(integer(token.fence().number())),
        SqlParam::Bytes(token.claim_id().bits().to_be_bytes().to_vec()),
        SqlParam::Bytes(boot.map(Vec::from).unwrap_or_default()),
        SqlParam::Integer(status_number(slot.status)),
        SqlParam::Integer(slot.applied.into()),
        SqlParam::Integer(integer(slot.lease_until)),
        SqlParam::Integer(integer(slot.completed)),
        SqlParam::Integer(payload.map_or(FORMAT, Payload::format).into()),
        SqlParam::Text(payload.map(|it| it.json().to_owned()).unwrap_or_default()),
    ];
    Completion::new(Dialect::Sqlite, COMPLETION, params)
}
