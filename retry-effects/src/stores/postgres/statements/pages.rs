//! Statements that read many records: pages for operators and purges, counts, and the lower edge of
//! pending fences.
//!
//! No statement here looks at more than a page of records, but for [`Pages::all`] with a status that
//! few records have, [`Pages::counts`], which reads an index, and the pending ones, of which there
//! are few.

use crate::protocol::record::Status;
use crate::stores::postgres::name::SchemaName;
use crate::stores::postgres::row::{COLUMNS, PENDING, STANDBY, code};
use crate::stores::postgres::tables::LEFT_BEHIND;

/// The size of the payloads of a page, in bytes, unless the first one alone is longer.
const HEAVIEST: usize = 8 << 20;

/// Their texts. Each page takes the id after which it starts, and the number of records.
#[derive(Debug)]
pub(in crate::stores::postgres) struct Pages {
    /// Records with one of these statuses in the table.
    pub(in crate::stores::postgres) all: String,
    /// The same, without payloads.
    pub(in crate::stores::postgres) bare: String,
    /// Records with this mark.
    pub(in crate::stores::postgres) marked: String,
    /// Pending records whose lease is not over.
    pub(in crate::stores::postgres) pending: String,
    /// Records in doubt, also pending ones whose lease is over.
    pub(in crate::stores::postgres) in_doubt: String,
    /// Some records whose retention may be over, without payloads. Takes their number.
    pub(in crate::stores::postgres) due: String,
    pub(in crate::stores::postgres) counts: String,
    /// Transactions that may hold a fence whose record is not visible yet.
    pub(in crate::stores::postgres) writers: String,
    /// Raises `open_from`, to at most a fence below which all records are visible.
    pub(in crate::stores::postgres) raise_open_from: String,
}

impl Pages {
    pub(super) fn new(schema: &SchemaName, now: &str) -> Self {
        let prefix = schema.quoted();
        let table = format!("{prefix}.effects");
        let open_from = format!("(SELECT open_from FROM {prefix}.effect_store WHERE one = 1)");
        let some = |from: &str, condition: &str| {
            format!(
                "SELECT * FROM {from} r WHERE r.action_id > $1 AND {condition} \
                 ORDER BY r.action_id LIMIT $2"
            )
        };
        let marked = |mark: &str| some(&table, &format!("r.mark = {mark}"));
        // OFFSET 0: by the index on fences, never in the order of the page.
        let open = format!(
            "(SELECT * FROM {table} WHERE fence >= {open_from} AND st = {PENDING} \
             AND mark IS NULL OFFSET 0)"
        );
        let pending = |lease: &str| {
            let left_behind = some(&table, &format!("r.mark = {LEFT_BEHIND} AND {lease}"));
            let open = some(&open, lease);
            format!("({left_behind}) UNION ALL ({open})")
        };
        let (held, over) = (
            format!("r.lease_until > {now}"),
            format!("r.lease_until <= {now}"),
        );
        let doubt = marked(&code(Status::InDoubt).to_string());
        let either = |records: &str| some(&format!("({records})"), "true");
        Self {
            all: page(now, &some(&table, "r.st = ANY($3::int2[])")),
            bare: bare(now, &some(&table, "r.st = ANY($3::int2[])")),
            marked: page(now, &marked("$3::int2")),
            pending: page(now, &either(&pending(&held))),
            in_doubt: page(
                now,
                &either(&format!("({doubt}) UNION ALL {}", pending(&over))),
            ),
            // The time is read once, as a value with which an index can be searched.
            due: bare(
                now,
                &format!(
                    "SELECT * FROM {table} r WHERE r.over_at <= (SELECT {now}) \
                     ORDER BY r.over_at LIMIT $1"
                ),
            ),
            counts: counts(&table, &open, now),
            writers: writers(&table),
            raise_open_from: raise_open_from(&prefix, &open_from, now),
        }
    }
}

fn bare(now: &str, records: &str) -> String {
    let columns = COLUMNS.replace("r.payload", "NULL::text");
    format!(
        "SELECT pg_catalog.pg_is_in_recovery() AS {STANDBY}, {now}, {columns} FROM ({records}) r \
         ORDER BY r.action_id"
    )
}

/// Cuts a page where its payloads become too large for memory. Their lengths are read without them.
fn page(now: &str, records: &str) -> String {
    format!(
        "SELECT pg_catalog.pg_is_in_recovery() AS {STANDBY}, {now}, {COLUMNS} FROM (SELECT *, \
         pg_catalog.sum(pg_catalog.octet_length(payload)) OVER (ORDER BY action_id \
         ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS weight FROM ({records}) r) r \
         WHERE coalesce(r.weight, 0) < {HEAVIEST} ORDER BY r.action_id"
    )
}

/// Counts all records by the index on fences, and those of each other status by what lists them; the
/// rest are successes. Records whose retention is over are none. Rust compares times in
/// milliseconds.
fn counts(table: &str, open: &str, now: &str) -> String {
    let [failed, released, in_doubt] =
        [Status::Failed, Status::Released, Status::InDoubt].map(code);
    format!(
        "WITH clock AS MATERIALIZED (SELECT {now} AS at), \
         every AS MATERIALIZED (SELECT count(*) AS count FROM {table}), \
         gone AS MATERIALIZED (SELECT count(*) AS count FROM {table}, clock WHERE over_at \
         < pg_catalog.date_trunc('milliseconds', at) + interval '1 millisecond'), \
         marked AS MATERIALIZED (SELECT mark, count(*) AS count FROM {table}, clock \
         WHERE mark >= {failed} AND (over_at IS NULL OR over_at \
         >= pg_catalog.date_trunc('milliseconds', at) + interval '1 millisecond') GROUP BY mark), \
         open AS MATERIALIZED (SELECT lease_until FROM {open} r UNION ALL \
         SELECT lease_until FROM {table} WHERE mark = {LEFT_BEHIND}), \
         pending AS MATERIALIZED (SELECT count(*) FILTER (WHERE lease_until > at) AS held, \
         count(*) FILTER (WHERE lease_until <= at) AS over FROM open, clock), \
         counted AS MATERIALIZED (SELECT \
         coalesce((SELECT count FROM marked WHERE mark = {failed}), 0) AS failed, \
         coalesce((SELECT count FROM marked WHERE mark = {released}), 0) AS released, \
         coalesce((SELECT count FROM marked WHERE mark = {in_doubt}), 0) AS in_doubt) \
         SELECT pg_catalog.pg_is_in_recovery() AS {STANDBY}, p.held, \
         e.count - g.count - c.failed - c.released - c.in_doubt - p.held - p.over, \
         c.failed, c.released, c.in_doubt + p.over FROM every e, gone g, counted c, pending p"
    )
}

fn writers(table: &str) -> String {
    let literal = table.replace('\\', "\\\\").replace('\'', "''");
    format!(
        "SELECT virtualtransaction FROM pg_catalog.pg_locks \
         WHERE relation = E'{literal}'::regclass AND locktype = 'relation' \
         AND database = (SELECT oid FROM pg_catalog.pg_database \
         WHERE datname = pg_catalog.current_database()) \
         AND mode = 'RowExclusiveLock' AND granted"
    )
}

fn raise_open_from(prefix: &str, open_from: &str, now: &str) -> String {
    let table = format!("{prefix}.effects");
    let pending =
        format!("fence >= {open_from} AND fence <= $1::int8 AND st = {PENDING} AND mark IS NULL");
    format!(
        "WITH long AS MATERIALIZED (SELECT action_id, fence FROM {table} \
         WHERE {pending} AND (renewals > 0 OR lease_until <= {now}) FOR UPDATE SKIP LOCKED), \
         left_behind AS (UPDATE {table} r SET mark = {LEFT_BEHIND} FROM long \
         WHERE r.action_id = long.action_id AND r.fence = long.fence AND r.st = {PENDING} \
         RETURNING r.fence) \
         UPDATE {prefix}.effect_store SET open_from = greatest(open_from, coalesce( \
         (SELECT min(fence) FROM {table} WHERE {pending} \
         AND fence NOT IN (SELECT fence FROM left_behind)), $1::int8 + 1)) WHERE one = 1"
    )
}
