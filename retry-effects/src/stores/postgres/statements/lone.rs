//! The statements of a lone caller: on a session of the store's own they are as plain as SQL allows,
//! since each sub-select costs as much as a tenth of the whole.

use super::{Names, Values};
use crate::stores::postgres::row::{PENDING, WATCHED};
use crate::stores::postgres::settings::{DURABLE, IMPATIENT, Settings};

const CHANGE: Values = Values {
    st: "$4::int2",
    applied: "$5::int2",
    lease_us: "$6::int8",
    format: "$7::int4",
    payload: "$8::text",
};

/// The condition that the record is its owner's pending claim.
fn is_own(row: &str) -> String {
    format!(
        "{row}.action_id = $1::bytea AND {row}.fence = $2::int8 AND {row}.claim_id = $3::uuid \
         AND {row}.st = {PENDING}"
    )
}

impl Names {
    /// Inserts a record if there is none.
    ///
    /// On a session of the store's own it takes a fence also where the record exists; the gate looks
    /// first where it expects that. Elsewhere the settings need a FROM list, beside which a look at the
    /// record costs little.
    pub(super) fn claim_one(&self, settings: Settings) -> String {
        let Self {
            now, table, fence, ..
        } = self;
        let insert = format!(
            "INSERT INTO {table} (action_id, st, fence, claim_id, input_hash, type, scope, \
             lease_until, lease_us, made_at, keep_ms, retain_ms)"
        );
        let values = format!(
            "$1::bytea, {PENDING}, {fence}, $2::uuid, $3::bytea, $4::text, $5::text, \
             {now} + $6::int8 * interval '1 microsecond', $6::int8, {now}, $7::int8, $8::int8"
        );
        let source = match settings {
            Settings::OfSession => format!("VALUES ({values})"),
            Settings::OfStatement => format!(
                "SELECT {values} FROM (SELECT) once {DURABLE} {IMPATIENT} \
                 WHERE NOT EXISTS (SELECT FROM {table} r WHERE r.action_id = $1)"
            ),
        };
        format!("{insert} {source} ON CONFLICT (action_id) DO NOTHING RETURNING fence")
    }

    /// Writes a decision over the owner's pending record: plainly where `lock_timeout` is the store's
    /// setting, else passing over a locked row.
    pub(super) fn change_one(&self, settings: Settings) -> String {
        let table = &self.table;
        let set = self.set(&CHANGE);
        let condition = match settings {
            Settings::OfSession => format!("WHERE {}", is_own("r")),
            Settings::OfStatement => format!(
                "FROM (SELECT) once {DURABLE} WHERE r.action_id = (SELECT f.action_id \
                 FROM {table} f WHERE {} FOR UPDATE SKIP LOCKED)",
                is_own("f")
            ),
        };
        let notify = self.notify("r.action_id");
        format!(
            "UPDATE {table} r SET {set} {condition} \
             RETURNING CASE WHEN r.flags & {WATCHED} <> 0 AND {lease_us} IS NULL \
             THEN {notify} END",
            lease_us = CHANGE.lease_us
        )
    }
}
