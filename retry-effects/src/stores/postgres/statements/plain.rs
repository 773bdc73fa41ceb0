//! The statement of many callers on a session of the store's own: as plain as those of a lone caller.
//!
//! It expects what is most likely: claims on new actions, and decisions of owners whose claims are not over. What
//! it misses takes the way of `claim` and `change`.
//!
//! A claim does not touch a record that exists: it would wait for a transaction that has changed it. The look is a
//! scalar sub-select, which no plan turns into a join.
//!
//! It may wait for a row or a key, for `lock_timeout` at most; the server undoes it then. So it closes no circle
//! of waits for longer.

use super::{Names, Values};
use crate::stores::postgres::row::{PENDING, WATCHED};

impl Names {
    /// Its rows are those that it has written: their actions and fences.
    pub(super) fn plain(&self) -> String {
        let Self {
            now, table, fence, ..
        } = self;
        let set = self.set(&Values::IN_LIST);
        let notify = self.notify("r.action_id");
        format!(
            "WITH made AS (INSERT INTO {table} (action_id, st, fence, claim_id, input_hash, type, \
             scope, lease_until, lease_us, made_at, keep_ms, retain_ms) \
             SELECT a.action_id, {PENDING}, {fence}, a.claim_id, a.input_hash, a.type, a.scope, \
             {now} + a.lease_us * interval '1 microsecond', a.lease_us, {now}, a.keep_ms, \
             a.retain_ms FROM unnest($1::bytea[], $2::uuid[], $3::bytea[], $4::text[], \
             $5::text[], $6::int8[], $7::int8[], $8::int8[]) AS a(action_id, claim_id, input_hash, \
             type, scope, lease_us, keep_ms, retain_ms) \
             WHERE (SELECT true FROM {table} r WHERE r.action_id = a.action_id) IS NULL \
             ON CONFLICT (action_id) DO NOTHING RETURNING action_id, fence), \
             written AS (UPDATE {table} r SET {set} FROM unnest($9::bytea[], $10::int8[], \
             $11::uuid[], $12::int2[], $13::int2[], $14::int8[], $15::int4[], $16::text[]) \
             AS a(action_id, fence, claim_id, st, flags, lease_us, format, payload) \
             WHERE r.action_id = a.action_id AND r.fence = a.fence AND r.claim_id = a.claim_id \
             AND r.st = {PENDING} RETURNING r.action_id, r.fence, \
             CASE WHEN r.flags & {WATCHED} <> 0 AND a.lease_us IS NULL THEN {notify} END) \
             SELECT action_id, fence, NULL::bool FROM made UNION ALL SELECT * FROM written"
        )
    }
}
