//! A record as a row of `effects`: found, listed and counted.

use std::sync::Arc;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::clock::LeaseClock;
use super::columns::{Bits, HashColumn, Natural, StatusColumn, Time, integer, status_number};
use crate::identity::action_id::ActionId;
use crate::protocol::claim::DEFAULT_LEASE;
use crate::protocol::counts::Counts;
use crate::protocol::ids::{ClaimId, Fence};
use crate::protocol::operation::{Seen, Stored};
use crate::protocol::payload::Payload;
use crate::protocol::reason::Reason;
use crate::protocol::record::Status;
use crate::protocol::state_machine::{Now, Slot, millis, nanos};
use crate::stores::durable::backend::{Page, Select};

/// The beginning of every `SELECT` of a record; [`read`] uses the same order.
macro_rules! select {
    ($($rest:expr),+) => { select!(@payload "payload"; $($rest),+) };
    (@payload $payload:literal; $($rest:expr),+) => {
        concat!(
            "SELECT fence, revision, status, applied, claim_id, boot, lease_until_ns, lease_ns, ",
            "renewals, keep_ms, retain_ms, created, completed, input_hash, action_type, scope, ",
            "foreign_status, format, ", $payload, ", id FROM effects ",
            $($rest),+
        )
    };
}

/// The fences of records that are pending, or were left so.
macro_rules! pending {
    () => {
        "SELECT fence FROM effects WHERE status >= 2 AND status = 5 UNION ALL SELECT fence FROM effects \
         WHERE fence >= (SELECT open_from FROM effect_store) AND status = 0"
    };
}

const FIND: &str = select!("WHERE id = ?1");
const PAGE: &str = select!("WHERE id > ?1 ORDER BY id");
/// By the index of the rare ones, in the order of ids: the `+` keeps SQLite from walking all ids.
const RARE_PAGE: &str = select!("WHERE status >= 2 AND status = ?2 AND id > ?1 ORDER BY +id");
const PENDING_PAGE: &str = select!(
    "WHERE fence IN (",
    pending!(),
    ") AND +id > ?1 ORDER BY +id"
);
const DOUBTFUL_PAGE: &str = select!(
    "WHERE fence IN (SELECT fence FROM effects WHERE status >= 2 AND status = 4 UNION ALL ",
    pending!(),
    ") AND +id > ?1 ORDER BY +id"
);
const PENDING: &str = select!("WHERE fence IN (", pending!(), ")");
/// Finished records whose retention may be over, and that are not removed yet.
const OVER: &str = select!("WHERE over_ms IS NOT NULL AND over_ms <= ?1");
/// Those whose retention is over by both clocks. As `Slot::is_over`; each is examined again.
const DUE: &str = select!(
    @payload "NULL";
    "WHERE over_ms IS NOT NULL AND over_ms <= ?1 AND (boot IS NOT ?2 OR \
     lease_until_ns / 1000000 + max(keep_ms, retain_ms) <= ?3) LIMIT ?4"
);
/// Finished records, and others that are skipped.
const FINISHED_PAGE: &str = select!(
    @payload "NULL";
    "WHERE id > ?1 AND status NOT IN (0, 4, 5) ORDER BY id"
);

/// A number of finished records of other programs after a place.
const UNNAMED: &str = select!(
    @payload "NULL";
    "WHERE fence > ?1 AND revision = 0 AND status = 1 ORDER BY fence LIMIT ?2"
);

/// Returns the record of one action.
pub(super) fn find(
    connection: &Connection,
    id: ActionId,
    clock: &LeaseClock,
    now: Now,
) -> rusqlite::Result<Option<Stored>> {
    connection
        .prepare_cached(FIND)?
        .query_row([id.to_string()], |row| read(row, clock, now))
        .optional()
}

/// Returns some records after an id.
pub(super) fn page(
    connection: &Connection,
    clock: &LeaseClock,
    after: Option<ActionId>,
    select: Select,
    limit: usize,
) -> rusqlite::Result<Page> {
    let now = clock.now();
    let after = after.map_or_else(String::new, |id| id.to_string());
    // A record in doubt may be one whose lease has run out since it was written.
    let (page, rare) = match select {
        Select::All | Select::Status(Status::Success) => (PAGE, None),
        Select::Status(status @ (Status::Failed | Status::Released)) => (RARE_PAGE, Some(status)),
        Select::Status(Status::Pending) => (PENDING_PAGE, None),
        Select::Status(Status::InDoubt) => (DOUBTFUL_PAGE, None),
        Select::Finished => (FINISHED_PAGE, None),
    };
    let mut statement = connection.prepare_cached(page)?;
    let mut rows = match rare {
        Some(status) => statement.query(params![after, status_number(status)])?,
        None => statement.query([after])?,
    };
    let mut page = Page::default();
    while let Some(row) = rows.next()? {
        let Some(id) = id_of(row)? else { continue };
        page.records.push((id, read(row, clock, now)?));
        if page.records.len() == limit {
            page.last = Some(id);
            break;
        }
    }
    Ok(page)
}

/// Returns some of the finished records whose retention is over.
pub(super) fn due(
    connection: &Connection,
    clock: &LeaseClock,
    limit: usize,
) -> rusqlite::Result<Vec<(ActionId, Stored)>> {
    let now = clock.now();
    let mut statement = connection.prepare_cached(DUE)?;
    let mut rows = statement.query(params![
        integer(now.wall),
        clock.boot().map(u128::to_be_bytes),
        integer(now.lease / 1_000_000),
        i64::try_from(limit).unwrap_or(i64::MAX),
    ])?;
    let mut due = Vec::new();
    while let Some(row) = rows.next()? {
        if let Some(id) = id_of(row)? {
            due.push((id, read(row, clock, now)?));
        }
    }
    Ok(due)
}

/// Returns the places of some records after a place that another program named by a rule of its own and
/// that may be purged; and the last place that was looked at, if there may be more behind it.
pub(super) fn unnamed(
    connection: &Connection,
    clock: &LeaseClock,
    after: i64,
    age: u64,
) -> rusqlite::Result<(Vec<i64>, Option<i64>)> {
    const LOOKED_AT: i64 = 1000;
    let now = clock.now();
    let mut statement = connection.prepare_cached(UNNAMED)?;
    let mut rows = statement.query([after, LOOKED_AT])?;
    let (mut places, mut count, mut last) = (Vec::new(), 0, after);
    while let Some(row) = rows.next()? {
        (count, last) = (count + 1, row.get(0)?);
        if id_of(row)?.is_none() && read(row, clock, now)?.slot.is_purgeable(age, now) {
            places.push(last);
        }
    }
    Ok((places, (count == LOOKED_AT).then_some(last)))
}

/// Returns the number of records in each status, also of those that another program named by a rule of
/// its own.
///
/// Reads only pending records, since time changes their status, and those that are about to be removed.
/// The rare ones are counted in their index, and all records in the smallest one; the rest are successes.
pub(super) fn counts(connection: &Connection, clock: &LeaseClock) -> rusqlite::Result<Counts> {
    const RARE: &str =
        "SELECT status, count(*) FROM effects WHERE status >= 2 AND status < 5 GROUP BY status";
    // All of one commit.
    let snapshot = connection.unchecked_transaction()?;
    let now = clock.now();
    let Natural(records) = snapshot
        .prepare_cached("SELECT count(*) FROM effects")?
        .query_row([], |row| row.get(0))?;
    let mut counts = Counts::default();
    let mut rare = snapshot.prepare_cached(RARE)?;
    let mut rows = rare.query([])?;
    while let Some(row) = rows.next()? {
        let StatusColumn(status) = row.get(0)?;
        *of(&mut counts, status) = row.get::<_, Natural>(1)?.0;
    }
    let mut pending = snapshot.prepare_cached(PENDING)?;
    let mut rows = pending.query([])?;
    while let Some(row) = rows.next()? {
        counts.add(read(row, clock, now)?.slot.status_at(now));
    }
    counts.success = records.saturating_sub(counts.total());
    let mut over = snapshot.prepare_cached(OVER)?;
    let mut rows = over.query([integer(now.wall)])?;
    while let Some(row) = rows.next()? {
        let Stored { slot, .. } = read(row, clock, now)?;
        if slot.is_over(now) {
            let count = of(&mut counts, slot.status);
            *count = count.saturating_sub(1);
        }
    }
    Ok(counts)
}

fn of(counts: &mut Counts, status: Status) -> &mut u64 {
    match status {
        Status::Pending => &mut counts.pending,
        Status::Success => &mut counts.success,
        Status::Failed => &mut counts.failed,
        Status::Released => &mut counts.released,
        Status::InDoubt => &mut counts.in_doubt,
    }
}

/// Returns the id of a row; `None` if another program named the action by its own rule.
fn id_of(row: &Row<'_>) -> rusqlite::Result<Option<ActionId>> {
    let text = row.get_ref(19)?;
    Ok(text.as_str().ok().and_then(|text| text.parse().ok()))
}

fn read(row: &Row<'_>, clock: &LeaseClock, now: Now) -> rusqlite::Result<Stored> {
    let revision = row.get::<_, Natural>(1)?.0;
    let is_ours = revision > 0;
    let claim_id = row.get::<_, Option<Bits>>(4)?;
    // The fence of a record that was never claimed here is only its place.
    let fence = match claim_id {
        Some(_) => Fence::new(row.get::<_, Natural>(0)?.0),
        None => Fence::NONE,
    };
    let mut slot = Slot {
        status: row.get::<_, StatusColumn>(2)?.0,
        applied: row.get(3)?,
        fence,
        claim_id: ClaimId::from_bits(claim_id.map_or(0, |bits| bits.0)),
        input_hash: row.get::<_, HashColumn>(13)?.0,
        action_type: row.get::<_, Arc<str>>(14)?.into(),
        scope: row.get::<_, Arc<str>>(15)?.into(),
        lease_until: row.get::<_, Natural>(6)?.0,
        lease: row.get::<_, Natural>(7)?.0,
        renewals: row.get::<_, Natural>(8)?.0,
        created: row.get::<_, Time>(11)?.0.unwrap_or(0),
        completed: 0,
        keep: row.get::<_, Natural>(9)?.0,
        retain: row
            .get::<_, Option<Natural>>(10)?
            .map_or(u64::MAX, |retain| retain.0),
        payload: payload(row)?,
    };
    if row.get_ref(12)? != ValueRef::Null {
        // A value that is not a time counts as just now: the record is not removed for its age.
        slot.completed = row.get::<_, Time>(12)?.0.unwrap_or(now.wall);
    }
    if is_ours {
        let boot = row.get::<_, Option<Bits>>(5)?.map(|bits| bits.0);
        if !slot.is_finished() {
            slot.lease_until = clock.lease_until(boot, slot.lease_until, slot.lease, now);
        } else if boot.is_none() || boot != clock.boot() {
            slot.lease_until = u64::MAX;
        }
    } else {
        let foreign_status = row.get_ref(16)?;
        slot.as_another_programs(foreign_status == ValueRef::Text(b"failed"), now);
    }
    Ok(Stored {
        seen: Seen {
            revision,
            // The place of the row, also where it is no fence.
            fence: Fence::new(row.get::<_, Natural>(0)?.0),
        },
        slot,
        now,
    })
}

/// The reason of the doubt for another program's record that says "failed".
const FAILED_ELSEWHERE: &str = "another program recorded that it failed, which proves nothing";

impl Slot {
    /// Treats this as the record of a program that has neither leases nor doubt.
    fn as_another_programs(&mut self, has_failed: bool, now: Now) {
        self.keep = millis(DEFAULT_LEASE);
        match self.status {
            Status::Success => self.lease_until = u64::MAX,
            Status::Pending => {
                let over = self.created.saturating_add(millis(DEFAULT_LEASE));
                let left = over.saturating_sub(now.wall).min(millis(DEFAULT_LEASE));
                self.lease = nanos(DEFAULT_LEASE);
                self.lease_until = now.lease.saturating_add(left * 1_000_000);
            }
            // The other program writes "failed" also where the effect happened and the answer was
            // lost.
            _ => {
                self.payload = has_failed.then(|| Reason::new(FAILED_ELSEWHERE).to_payload());
                self.completed = 0;
            }
        }
    }
}

fn payload(row: &Row<'_>) -> rusqlite::Result<Option<Payload>> {
    let Some(json) = row.get::<_, Option<Arc<str>>>(18)? else {
        return Ok(None);
    };
    Ok(Some(Payload::with_format(row.get(17)?, json)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stores::sqlite::tables::{INDEXES, STORE, TABLES};

    /// Returns the steps of a statement that read all records.
    fn scans(connection: &Connection, statement: &str) -> Vec<String> {
        let plan = format!("EXPLAIN QUERY PLAN {statement}");
        let mut prepared = connection.prepare(&plan).expect("a statement");
        let unknown = vec![rusqlite::types::Null; prepared.parameter_count()];
        let steps = prepared
            .query_map(rusqlite::params_from_iter(unknown), |row| {
                row.get::<_, String>(3)
            })
            .expect("a plan");
        let steps = steps.map(|step| step.expect("a step"));
        steps
            .filter(|step| step.starts_with("SCAN effects"))
            .collect()
    }

    const STATEMENTS: [&str; 9] = [
        FIND,
        RARE_PAGE,
        PENDING_PAGE,
        DOUBTFUL_PAGE,
        PENDING,
        OVER,
        DUE,
        FINISHED_PAGE,
        UNNAMED,
    ];

    fn tables() -> Connection {
        let connection = Connection::open_in_memory().expect("a database");
        for statements in [STORE, TABLES, INDEXES] {
            connection.execute_batch(statements).expect("made");
        }
        connection
    }

    #[test]
    fn no_statement_but_the_whole_list_reads_all_records() {
        let connection = tables();
        for statement in STATEMENTS {
            let scans = scans(&connection, statement);
            assert!(scans.is_empty(), "{statement}: {scans:?}");
        }
        assert_eq!(scans(&connection, "SELECT * FROM effects").len(), 1);
    }

    /// SQLite does so where the plan may depend on a value.
    #[test]
    fn no_statement_is_prepared_anew_for_other_values() {
        let mut connection = tables();
        crate::stores::sqlite::connection::prepare(&mut connection).expect("prepared");
        for statement in STATEMENTS {
            let mut prepared = connection.prepare(statement).expect("a statement");
            for value in 0..3 {
                let values = vec![value; prepared.parameter_count()];
                let rows = prepared.query(rusqlite::params_from_iter(values));
                assert!(rows.expect("rows").next().expect("read").is_none());
            }
            let count = prepared.get_status(rusqlite::StatementStatus::RePrepare);
            assert_eq!(count, 0, "{statement}");
        }
    }
}
