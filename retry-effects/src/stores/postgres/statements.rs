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
//! No statement here waits for a row: locked rows are passed over (`SKIP LOCKED`), and a claim does
//! not touch existing rows. Statements wait only for new keys, which each statement inserts in order:
//! so no circle of waits can form.

use super::name::SchemaName;

/// The columns of a record; `row.rs` uses the same order.
const COLUMNS: &str = "r.action_id, r.revision, r.status, r.applied, r.fence, r.claim_id, \
    r.input_hash, r.action_type, r.scope, r.lease_until, r.lease_us, r.renewals, r.created_at, \
    r.completed_at, r.keep_ms, r.retain_ms, r.format, r.payload";

/// Sets `synchronous_commit` for this transaction alone, in the statement itself, where it is less:
/// whatever the user's pool, role or database is set to, an answered write is on the disk. And lets the
/// server warn of a commit that its synchronous standby does not have.
const DURABLE: &str = "(SELECT CASE WHEN pg_catalog.current_setting('synchronous_commit') \
    NOT IN ('on', 'remote_apply') \
    THEN pg_catalog.set_config('synchronous_commit', 'on', true) END, \
    CASE WHEN pg_catalog.current_setting('client_min_messages') = 'error' \
    THEN pg_catalog.set_config('client_min_messages', 'warning', true) END) durable";

/// The first column of statements that only read: whether the server is a standby, which may report
/// an outdated lease. A standby refuses writes itself.
pub(super) const STANDBY: &str = "is_standby";

/// Limits how long a claim waits: its keys may be locked by a transaction of the user's, which in
/// turn may wait for another claim of the batch. The statement is then undone, and sent again.
const IMPATIENT: &str = "(SELECT CASE WHEN pg_catalog.current_setting('lock_timeout') <> '1s' \
    THEN pg_catalog.set_config('lock_timeout', '1s', true) END) impatient";

/// The settings of a session of the store's own: plans that look up keys, made once, and no JIT
/// compilation; and settings that each statement would otherwise have to make.
pub(super) const SESSION: &str = "SET enable_seqscan = off; SET enable_hashjoin = off; \
    SET enable_mergejoin = off; SET plan_cache_mode = force_generic_plan; SET jit = off; \
    SET default_transaction_isolation = 'read committed'; SET lock_timeout = '1s'; \
    SET client_min_messages = warning";

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
    /// Writes a decision over one record of a pending claim.
    pub(super) change_one: String,
    pub(super) read: String,
    pub(super) read_one: String,
    /// Reads one record and locks it, for a transaction of the user's.
    pub(super) lock: String,
    /// Requests a notification at the end of claims.
    pub(super) watch: String,
    /// Reads some records after an id, without their payloads.
    pub(super) page: String,
    /// The same, with payloads.
    pub(super) full_page: String,
    /// Removes records that are unchanged since they were read.
    pub(super) remove: String,
    /// Removes some records whose retention is over.
    pub(super) sweep: String,
    pub(super) version: String,
    pub(super) listen: String,
}

impl Statements {
    /// `now` is the SQL that gives the time: `clock_timestamp()` except in tests.
    pub(super) fn new(schema: &SchemaName, now: &str, version: i32) -> Self {
        let prefix = schema.quoted();
        let table = format!("{prefix}.effect_records");
        let store = format!("{prefix}.effect_store");
        let fence = fence(schema);
        let channel = schema.channel();
        // One index lookup for each key, whatever the planner knows of the table: a plan made while
        // the table is small would be kept while the table grows.
        let one = format!("SELECT * FROM {table} r WHERE r.action_id = a.action_id");
        let each = format!("CROSS JOIN LATERAL ({one} OFFSET 0) r");
        let each_locked = format!("CROSS JOIN LATERAL ({one} FOR UPDATE SKIP LOCKED) r");
        let standby = format!("pg_catalog.pg_is_in_recovery() AS {STANDBY}");
        let page = |payload: &str| {
            let columns = COLUMNS.replace("r.payload", payload);
            format!(
                "SELECT {standby}, {now}, {columns} FROM {table} r \
                 WHERE r.action_id > $1 AND r.status = ANY($2) ORDER BY r.action_id LIMIT $3"
            )
        };
        let make = format!(
            "INSERT INTO {table} (action_id, revision, status, fence, claim_id, input_hash, \
             action_type, scope, lease_until, lease_us, created_at, keep_ms, retain_ms) \
             SELECT a.action_id, 1, 'pending', {fence}, a.claim_id, a.input_hash, a.action_type, \
             a.scope, {now} + a.lease_us * interval '1 microsecond', a.lease_us, {now}, a.keep_ms, \
             a.retain_ms FROM"
        );
        // In tables of a newer version a record may have another meaning.
        let is_known = format!("(SELECT version FROM {store} WHERE one = 1) <= {version}");
        let set = format!(
            "revision = r.revision + 1, status = a.status, applied = a.applied, \
             format = a.format, payload = a.payload, \
             lease_us = coalesce(a.lease_us, r.lease_us), \
             renewals = r.renewals + (a.lease_us IS NOT NULL)::int, \
             lease_until = CASE WHEN a.lease_us IS NULL THEN least(r.lease_until, {now}) \
             ELSE {now} + a.lease_us * interval '1 microsecond' END, \
             completed_at = CASE WHEN a.status NOT IN ('pending', 'in_doubt') THEN {now} END, \
             over_at = CASE WHEN a.status NOT IN ('pending', 'in_doubt') THEN {now} \
             + greatest(r.retain_ms, CASE WHEN r.retain_ms IS NOT NULL THEN r.keep_ms END) \
             * interval '1 millisecond' END"
        );
        let notify = |id: &str| {
            format!("pg_catalog.pg_notify('{channel}', pg_catalog.encode({id}, 'hex')) IS NULL")
        };
        let (notify, notify_one) = (notify("w.action_id"), notify("r.action_id"));
        Self {
            claim_one: format!(
                "{make} (SELECT $1::bytea AS action_id, $2::bytea AS claim_id, \
                 $3::bytea AS input_hash, $4::text AS action_type, $5::text AS scope, \
                 $6::int8 AS lease_us, $7::int8 AS keep_ms, $8::int8 AS retain_ms) a, \
                 {DURABLE}, {IMPATIENT} WHERE {is_known} \
                 AND NOT EXISTS (SELECT FROM {table} r WHERE r.action_id = $1) \
                 ON CONFLICT (action_id) DO NOTHING RETURNING fence"
            ),
            change_one: format!(
                "UPDATE {table} r SET {set} FROM (SELECT $4::text AS status, \
                 $5::bool AS applied, $6::int8 AS lease_us, $7::int4 AS format, \
                 $8::text AS payload) a, {DURABLE} WHERE r.action_id = \
                 (SELECT f.action_id FROM {table} f WHERE f.action_id = $1::bytea \
                 AND f.fence = $2::int8 AND f.claim_id = $3::bytea AND f.status = 'pending' \
                 FOR UPDATE SKIP LOCKED) \
                 RETURNING CASE WHEN r.watched AND a.lease_us IS NULL THEN {notify_one} END"
            ),
            read_one: format!(
                "SELECT {standby}, {now}, {COLUMNS} FROM {table} r WHERE r.action_id = $1"
            ),
            claim: format!(
                "WITH asked AS (SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], \
                 $4::text[], $5::text[], $6::int8[], $7::int8[], $8::int8[]) AS a(action_id, \
                 claim_id, input_hash, action_type, scope, lease_us, keep_ms, retain_ms)), \
                 found AS MATERIALIZED (SELECT {now} AS at, r.* FROM asked a {each}), \
                 made AS ({make} asked a, {DURABLE}, {IMPATIENT} WHERE {is_known} \
                 AND a.action_id NOT IN (SELECT f.action_id FROM found f) \
                 ORDER BY a.action_id \
                 ON CONFLICT (action_id) DO NOTHING RETURNING action_id, fence) \
                 SELECT m.action_id, m.fence, r.at, {COLUMNS} FROM made m \
                 FULL JOIN found r ON false"
            ),
            overwrite: format!(
                "WITH free AS MATERIALIZED (SELECT r.action_id FROM {table} r, {DURABLE} \
                 WHERE r.action_id = $1 AND {is_known} FOR UPDATE OF r SKIP LOCKED) \
                 UPDATE {table} r SET revision = r.revision + 1, status = 'pending', \
                 applied = false, fence = {fence}, claim_id = $3, input_hash = $4, \
                 action_type = $5, scope = $6, \
                 lease_until = {now} + $7::int8 * interval '1 microsecond', \
                 lease_us = $7::int8, renewals = 0, \
                 created_at = $10, completed_at = NULL, keep_ms = $8, retain_ms = $9, \
                 over_at = NULL, format = 1, payload = NULL FROM free \
                 WHERE r.action_id = free.action_id AND r.revision = $2 AND r.fence = $11 \
                 RETURNING r.fence"
            ),
            confirm: format!(
                "UPDATE {table} r SET revision = r.revision FROM {DURABLE} WHERE r.action_id = \
                 (SELECT f.action_id FROM {table} f WHERE f.action_id = $1::bytea \
                 AND f.revision = $2::int8 AND f.fence = $3::int8 FOR UPDATE SKIP LOCKED) \
                 RETURNING 1"
            ),
            change: format!(
                "WITH asked AS MATERIALIZED (SELECT * FROM unnest($1::bytea[], $2::int8[], \
                 $3::bytea[], $4::int8[], $5::text[], $6::bool[], $7::int8[], $8::int4[], \
                 $9::text[]) AS a(action_id, fence, claim_id, revision, status, applied, lease_us, \
                 format, payload)), \
                 free AS MATERIALIZED (SELECT a.* FROM asked a {each_locked}), \
                 written AS (UPDATE {table} r SET {set} FROM free a, {DURABLE} \
                 WHERE r.action_id = a.action_id \
                 AND r.fence = a.fence AND (r.revision = a.revision OR (a.revision IS NULL \
                 AND r.status = 'pending' AND r.claim_id = a.claim_id)) \
                 RETURNING r.action_id, r.watched AND a.lease_us IS NULL AS told) \
                 SELECT coalesce(w.action_id, r.asked_id), w.action_id IS NOT NULL, \
                 w.action_id IS NOT NULL OR r.asked_id IN (SELECT f.action_id FROM free f), \
                 CASE WHEN w.told THEN {notify} END, {now}, {COLUMNS} \
                 FROM written w FULL JOIN (SELECT a.action_id AS asked_id, r.* FROM asked a \
                 LEFT JOIN LATERAL ({one} OFFSET 0) r ON true \
                 WHERE a.action_id NOT IN (SELECT w.action_id FROM written w)) r ON false"
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
                 WHERE r.status = 'pending' AND NOT r.watched), \
                 watched AS (UPDATE {table} r SET watched = true FROM free \
                 WHERE r.action_id = free.action_id) \
                 SELECT r.action_id FROM asked a {each} WHERE r.status = 'pending'"
            ),
            page: page("NULL::text"),
            full_page: page("r.payload"),
            remove: format!(
                "WITH asked AS (SELECT * FROM unnest($1::bytea[], $2::int8[], $3::int8[]) \
                 AS a(action_id, revision, fence)), \
                 free AS MATERIALIZED (SELECT a.* FROM asked a {each_locked}) \
                 DELETE FROM {table} r USING free a WHERE r.action_id = a.action_id \
                 AND r.revision = a.revision AND r.fence = a.fence RETURNING 1"
            ),
            // The time is read once, as a value with which an index can be searched.
            sweep: format!(
                "WITH free AS MATERIALIZED (SELECT r.action_id FROM {table} r \
                 WHERE r.over_at <= (SELECT {now}) ORDER BY r.over_at LIMIT 256 \
                 FOR UPDATE SKIP LOCKED) \
                 DELETE FROM {table} r USING free f \
                 WHERE r.action_id = f.action_id AND r.over_at <= (SELECT {now})"
            ),
            version: format!(
                "SELECT version, pg_catalog.pg_is_in_recovery() \
                 OR pg_catalog.current_setting('transaction_read_only') = 'on', \
                 pg_catalog.current_setting('server_encoding') FROM {store} WHERE one = 1"
            ),
            listen: format!("LISTEN {channel}"),
        }
    }
}

/// Returns the SQL for the next fence.
fn fence(schema: &SchemaName) -> String {
    let sequence = format!("{}.effect_fence", schema.quoted());
    let literal = sequence.replace('\\', "\\\\").replace('\'', "''");
    format!("pg_catalog.nextval(E'{literal}'::regclass)")
}
