//! The statements that the store sends to its server.
//!
//! The state machine is not in here: it decides in Rust (`state_machine.rs`), on a record as it was read.
//! SQL compares and sets: it writes the decision if the record is unchanged since it was read, reads
//! the clock, and takes fences from the sequence. So a claim on a new action, and a completion by its
//! owner, are one statement each.
//!
//! A record is unchanged if its `revision` and its fence are: a record that was purged and made anew
//! counts its revisions from the start, and has a fence of its own.
//!
//! Statements of many commands wait for no row: they pass over locked rows (`SKIP LOCKED`), and a
//! claim does not touch existing rows. They wait only for new keys, which each statement inserts in
//! order: so no circle of waits can form. A statement of one command on a session of the store's own
//! may wait for a row, for `lock_timeout` at most, and then takes the way of many: it locks one
//! row, so it closes no circle.

mod completion;
mod lone;
pub(super) mod pages;
mod plain;

use std::sync::Arc;

use super::name::SchemaName;
use super::row::{APPLIED, COLUMNS, PENDING, STANDBY, WATCHED, code};
use super::settings::{DURABLE, IMPATIENT, Settings};
use crate::protocol::record::Status;

/// The texts, for one schema.
#[derive(Debug)]
pub(super) struct Statements {
    /// Inserts new records, and reads existing ones.
    pub(super) claim: String,
    /// Inserts one record if it does not exist: for a lone caller, for whom lists would cost more
    /// than the rest.
    pub(super) claim_one: String,
    /// Writes a claim over a record that is unchanged since it was read.
    pub(super) overwrite: String,
    /// Writes a record that is unchanged since it was read once more, without a difference.
    pub(super) confirm: String,
    /// Writes decisions over records that are unchanged since they were read.
    pub(super) change: String,
    /// The same on sessions whose settings are not the store's, such as that of a user's transaction.
    pub(super) change_in: String,
    /// Writes a decision over one record of a pending claim.
    pub(super) change_one: String,
    /// Inserts claims on new actions, and writes decisions of owners: for many callers on sessions of the
    /// store's own.
    pub(super) plain: Option<String>,
    /// Writes an outcome in a transaction of the user's, by whatever driver.
    pub(super) completion: Arc<str>,
    pub(super) read: String,
    pub(super) read_one: String,
    /// Reads one record and locks it, for a transaction of the user's.
    pub(super) lock: String,
    /// Requests a notification at the end of claims.
    pub(super) watch: String,
    /// Removes records that are unchanged since they were read.
    pub(super) remove: String,
    pub(super) pages: pages::Pages,
    pub(super) version: String,
    pub(super) listen: String,
}

/// The names that statements are made of.
struct Names {
    /// The SQL that gives the time.
    now: String,
    table: String,
    /// The SQL for the next fence.
    fence: String,
    /// The SQL that notifies listeners, with `{id}` for the action's id; its value is false.
    notify: String,
}

impl Statements {
    /// `now` is the SQL that gives the time: `clock_timestamp()` except in tests.
    pub(super) fn new(schema: &SchemaName, now: &str, settings: Settings) -> Self {
        let names = Names::new(schema, now);
        let Names { table, now, .. } = &names;
        // One index lookup for each key, whatever the planner knows of the table: a plan made while
        // the table is small would be kept while the table grows.
        let one = format!("SELECT * FROM {table} r WHERE r.action_id = a.action_id");
        let each = format!("CROSS JOIN LATERAL ({one} OFFSET 0) r");
        let each_locked = format!("CROSS JOIN LATERAL ({one} FOR UPDATE SKIP LOCKED) r");
        let standby = format!("pg_catalog.pg_is_in_recovery() AS {STANDBY}");
        let durable = settings.durable();
        Self {
            claim_one: names.claim_one(settings),
            change_one: names.change_one(settings),
            completion: names.completion().into(),
            claim: names.claim(&each, durable),
            plain: (settings == Settings::OfSession).then(|| names.plain()),
            overwrite: names.overwrite(durable),
            change: names.change(&one, &each_locked, durable),
            change_in: names.change(&one, &each_locked, DURABLE),
            confirm: format!(
                "UPDATE {table} r SET revision = r.revision FROM (SELECT f.action_id FROM {table} f \
                 WHERE f.action_id = $1::bytea AND f.revision = $2::int4 AND f.fence = $3::int8 \
                 FOR UPDATE SKIP LOCKED) found {durable} WHERE r.action_id = found.action_id \
                 RETURNING 1"
            ),
            read_one: format!(
                "SELECT {standby}, {now}, {COLUMNS} FROM {table} r WHERE r.action_id = $1"
            ),
            read: format!(
                "SELECT {standby}, {now}, {COLUMNS} \
                 FROM unnest($1::bytea[]) AS a(action_id) {each}"
            ),
            lock: format!(
                "SELECT {now}, {COLUMNS} FROM {table} r WHERE r.action_id = $1 FOR UPDATE"
            ),
            watch: format!(
                "WITH asked AS (SELECT * FROM unnest($1::bytea[]) AS a(action_id)), \
                 free AS MATERIALIZED (SELECT r.action_id FROM asked a {each_locked} \
                 WHERE r.st = {PENDING} AND r.flags & {WATCHED} = 0), \
                 watched AS (UPDATE {table} r SET flags = r.flags | {WATCHED} FROM free \
                 WHERE r.action_id = free.action_id) \
                 SELECT r.action_id FROM asked a {each} WHERE r.st = {PENDING}"
            ),
            remove: format!(
                "WITH asked AS (SELECT * FROM unnest($1::bytea[], $2::int4[], $3::int8[]) \
                 AS a(action_id, revision, fence)), \
                 free AS MATERIALIZED (SELECT a.* FROM asked a {each_locked}) \
                 DELETE FROM {table} r USING free a WHERE r.action_id = a.action_id \
                 AND r.revision = a.revision AND r.fence = a.fence RETURNING r.action_id"
            ),
            pages: pages::Pages::new(schema, now),
            version: format!(
                "SELECT version, pg_catalog.pg_is_in_recovery() \
                 OR pg_catalog.current_setting('transaction_read_only') = 'on', \
                 pg_catalog.current_setting('server_encoding') \
                 FROM {}.effect_store WHERE one = 1",
                schema.quoted()
            ),
            listen: format!("LISTEN {}", schema.channel()),
        }
    }
}

/// The condition that a status ends an action, of the SQL of a status.
fn is_end(st: &str) -> String {
    let [success, released] = [Status::Success, Status::Released].map(code);
    format!("{st} BETWEEN {success} AND {released}")
}

impl Names {
    fn new(schema: &SchemaName, now: &str) -> Self {
        let prefix = schema.quoted();
        let sequence = format!("{prefix}.effect_fence");
        let literal = sequence.replace('\\', "\\\\").replace('\'', "''");
        let channel = schema.channel();
        Self {
            now: now.to_owned(),
            table: format!("{prefix}.effects"),
            fence: format!("pg_catalog.nextval(E'{literal}'::regclass)"),
            notify: format!(
                "pg_catalog.pg_notify('{channel}', pg_catalog.encode({{id}}, 'hex')) IS NULL"
            ),
        }
    }

    fn notify(&self, id: &str) -> String {
        self.notify.replace("{id}", id)
    }

    fn claim(&self, each: &str, durable: &str) -> String {
        let Self {
            now, table, fence, ..
        } = self;
        format!(
            "WITH asked AS (SELECT * FROM unnest($1::bytea[], $2::uuid[], $3::bytea[], \
             $4::text[], $5::text[], $6::int8[], $7::int8[], $8::int8[]) AS a(action_id, \
             claim_id, input_hash, type, scope, lease_us, keep_ms, retain_ms)), \
             found AS MATERIALIZED (SELECT {now} AS at, r.* FROM asked a {each}), \
             made AS (INSERT INTO {table} (action_id, st, fence, claim_id, input_hash, type, scope, \
             lease_until, lease_us, made_at, keep_ms, retain_ms) \
             SELECT a.action_id, {PENDING}, {fence}, a.claim_id, a.input_hash, a.type, a.scope, \
             {now} + a.lease_us * interval '1 microsecond', a.lease_us, {now}, a.keep_ms, \
             a.retain_ms FROM asked a {durable} {IMPATIENT} \
             WHERE a.action_id NOT IN (SELECT f.action_id FROM found f) \
             ORDER BY a.action_id \
             ON CONFLICT (action_id) DO NOTHING RETURNING action_id, fence) \
             SELECT m.action_id, m.fence, r.at, {COLUMNS} FROM made m \
             FULL JOIN found r ON false"
        )
    }

    fn overwrite(&self, durable: &str) -> String {
        let Self {
            now, table, fence, ..
        } = self;
        format!(
            "WITH free AS MATERIALIZED (SELECT r.action_id FROM {table} r \
             WHERE r.action_id = $1 FOR UPDATE OF r SKIP LOCKED) \
             UPDATE {table} r SET revision = r.revision + 1, st = {PENDING}, mark = NULL, \
             flags = r.flags & {WATCHED}, fence = {fence}, claim_id = $3, input_hash = $4, \
             type = $5, scope = $6, \
             lease_until = {now} + $7::int8 * interval '1 microsecond', \
             lease_us = $7::int8, renewals = 0, \
             made_at = $10, done_at = NULL, keep_ms = $8, retain_ms = $9, \
             over_at = NULL, format = NULL, payload = NULL FROM free {durable} \
             WHERE r.action_id = free.action_id AND r.revision = $2 AND r.fence = $11 \
             RETURNING r.fence"
        )
    }

    fn change(&self, one: &str, each_locked: &str, durable: &str) -> String {
        let Self { now, table, .. } = self;
        let set = self.set(&Values::IN_LIST);
        let notify = self.notify("w.action_id");
        format!(
            "WITH asked AS MATERIALIZED (SELECT * FROM unnest($1::bytea[], $2::int8[], \
             $3::uuid[], $4::int4[], $5::int2[], $6::int2[], $7::int8[], $8::int4[], \
             $9::text[]) AS a(action_id, fence, claim_id, revision, st, flags, lease_us, \
             format, payload)), \
             free AS MATERIALIZED (SELECT a.* FROM asked a {each_locked}), \
             written AS (UPDATE {table} r SET {set} FROM free a {durable} \
             WHERE r.action_id = a.action_id \
             AND r.fence = a.fence AND (r.revision = a.revision OR (a.revision IS NULL \
             AND r.st = {PENDING} AND r.claim_id = a.claim_id)) \
             RETURNING r.action_id, r.flags & {WATCHED} <> 0 AND a.lease_us IS NULL AS told) \
             SELECT coalesce(w.action_id, r.asked_id), w.action_id IS NOT NULL, \
             w.action_id IS NOT NULL OR r.asked_id IN (SELECT f.action_id FROM free f), \
             CASE WHEN w.told THEN {notify} END, {now}, {COLUMNS} \
             FROM written w FULL JOIN (SELECT a.action_id AS asked_id, r.* FROM asked a \
             LEFT JOIN LATERAL ({one} OFFSET 0) r ON true \
             WHERE a.action_id NOT IN (SELECT w.action_id FROM written w)) r ON false"
        )
    }

    /// Returns the assignments that write a decision.
    fn set(&self, values: &Values) -> String {
        let now = &self.now;
        let Values {
            st,
            applied,
            lease_us,
            format,
            payload,
        } = values;
        let is_end = is_end(st);
        let (failed, pending) = (code(Status::Failed), PENDING);
        format!(
            "revision = r.revision + 1, st = {st}, \
             flags = (r.flags & ~{APPLIED}::int2) | {applied}, \
             mark = CASE WHEN {st} >= {failed} THEN {st} WHEN {st} = {pending} THEN r.mark END, \
             format = {format}, payload = {payload}, \
             lease_us = coalesce({lease_us}, r.lease_us), \
             renewals = r.renewals + ({lease_us} IS NOT NULL)::int4, \
             lease_until = CASE WHEN {lease_us} IS NULL THEN least(r.lease_until, {now}) \
             ELSE {now} + {lease_us} * interval '1 microsecond' END, \
             done_at = CASE WHEN {is_end} THEN {now} END, \
             over_at = CASE WHEN r.retain_ms IS NOT NULL AND {is_end} THEN {now} \
             + greatest(r.retain_ms, r.keep_ms) * interval '1 millisecond' END"
        )
    }
}

/// The SQL of the values of a decision.
struct Values {
    st: &'static str,
    applied: &'static str,
    lease_us: &'static str,
    format: &'static str,
    payload: &'static str,
}

impl Values {
    const IN_LIST: Self = Self {
        st: "a.st",
        applied: "a.flags",
        lease_us: "a.lease_us",
        format: "a.format",
        payload: "a.payload",
    };
}
