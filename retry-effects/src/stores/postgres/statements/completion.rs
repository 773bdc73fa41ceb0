//! The statement that writes an outcome in a transaction of the user's.

use super::{Names, Values, is_end};
use crate::protocol::payload::FORMAT;
use crate::protocol::record::Status;
use crate::stores::postgres::row::{PENDING, WATCHED, code};
use crate::stores::postgres::settings::DURABLE;

/// Each parameter has one of three types, and none is null: `super::super::completion` gives the values.
const COMPLETION: Values = Values {
    st: "$4::int8::int2",
    applied: "$5::int8::int2",
    lease_us: "NULL::int8",
    format: "nullif($6::int8, 1)::int4",
    payload: "nullif($7::text, '')",
};
const _: () = assert!(FORMAT == 1, "the format that is stored as null");

impl Names {
    /// Writes an outcome over the record of its owner, which may be in doubt if the outcome ends that.
    ///
    /// It waits for a lock on the record, unlike the statements of many commands: it is one record, and the
    /// store's own statements hold it only briefly. Once it has the lock, it compares what was committed
    /// meanwhile. The last parameter is the mark of the transaction, and empty for any.
    pub(super) fn completion(&self) -> String {
        let table = &self.table;
        let set = self.set(&COMPLETION);
        let is_end = is_end(COMPLETION.st);
        let in_doubt = code(Status::InDoubt);
        let notify = self.notify("r.action_id");
        format!(
            "UPDATE {table} r SET {set} FROM (SELECT) once {DURABLE} \
             WHERE r.action_id = $1::bytea AND r.fence = $2::int8 AND r.claim_id = $3::text::uuid \
             AND (r.st = {PENDING} OR (r.st = {in_doubt} AND {is_end})) \
             AND ($8::text = '' OR pg_catalog.current_setting('retry_effects.transaction', true) = $8) \
             RETURNING CASE WHEN r.flags & {WATCHED} <> 0 THEN {notify} END"
        )
    }
}
