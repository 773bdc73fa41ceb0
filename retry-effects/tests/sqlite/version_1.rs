//! Files of version 1: a dump that the last program of version 1 has made, with every kind of record,
//! and what that program said of them.

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use retry_effects::store::{ClaimId, Filter, Payload, Resolved};
use retry_effects::{EffectStore, Fence, Reason, SqliteEffectStore, StoreError, Token};
use rusqlite::Connection;
use rusqlite::types::Value;

use crate::bench::{Bench, id, result, success, wait, won};
use crate::old_program::{CLAIM, FENCE, OldProgram};

const DUMP: &str = include_str!("../vectors/sqlite_1.sql");
const RECORDS: &str = include_str!("../vectors/sqlite_1.txt");

/// The time of the dump, on the clock of the store that made it.
pub(crate) const NOW: Duration = Duration::from_millis(55_163);

const HOUR: Duration = Duration::from_secs(3600);

/// Names the file for a process that only opens it.
const CHILD: &str = "EFFECTS_TEST_OPENS";

fn bench_of_version_1() -> Bench {
    let bench = Bench::new();
    bench.advance(NOW - Duration::from_nanos(bench.now()));
    bench.raw().execute_batch(DUMP).unwrap();
    bench
}

/// One without claims that are alive, or any record.
fn empty_bench_of_version_1() -> Bench {
    let bench = bench_of_version_1();
    let delete = "DELETE FROM effect_records";
    bench.raw().execute_batch(delete).unwrap();
    bench
}

/// Opens a file while claims of version 1 are alive, which end with the default lease.
fn opened_after_a_lease(bench: &Bench) -> SqliteEffectStore {
    thread::scope(|threads| {
        let opening = threads.spawn(|| bench.open());
        // Not at once: the lease counts from the moment when the other thread sees them.
        while !opening.is_finished() {
            bench.advance(Duration::from_secs(1));
            thread::yield_now();
        }
        opening.join().unwrap()
    })
}

/// Everything that a store says of its records. Leases are told by when they end, so that the text
/// does not depend on the time.
fn described(store: &SqliteEffectStore, now: u64) -> String {
    let mut text = String::new();
    let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap();
    let millis = |time: std::time::SystemTime| time.duration_since(UNIX_EPOCH).unwrap().as_millis();
    for record in wait(store.list(&Filter::all())).unwrap() {
        assert_eq!(wait(store.get(record.id)).unwrap().as_ref(), Some(&record));
        let resolved = match wait(store.resolve(record.id)).unwrap() {
            Resolved::Free => "free",
            Resolved::Busy(_) => "busy",
            Resolved::Done(_) => "done",
            Resolved::Failed(_) => "failed",
            Resolved::InDoubt(_) => "in doubt",
        };
        let payload = record.payload.as_ref();
        writeln!(
            text,
            "{} {} {resolved}\n  {:?} in {:?}, hash {:?}\n  fence {}, claim {:?}, applied {}, renewals {}\n  \
             {:?} {:?}, reason {:?}\n  created {}, completed {:?}, lease ends {:?}, ended {:?}",
            record.id,
            record.status,
            record.action_type,
            record.scope,
            record.input_hash.map(|hash| *hash.as_bytes()),
            record.fence,
            record.claim_id.map(ClaimId::bits),
            record.applied,
            record.renewals,
            payload.map(Payload::format),
            payload.map(Payload::json),
            record.reason.as_ref().map(Reason::as_str),
            millis(record.created_at),
            record.completed_at.map(millis),
            record.lease_left.map(|left| now + nanos(left)),
            record.lease_over.map(|over| now - nanos(over)).filter(|ended| *ended != now),
        )
        .unwrap();
    }
    text
}

/// The store says of its records what the last program of version 1 said.
pub(crate) fn assert_all_there(bench: &Bench, store: &SqliteEffectStore) {
    let text = described(store, bench.now());
    for (line, expected) in text.lines().zip(RECORDS.lines()) {
        assert_eq!(line, expected);
    }
    assert_eq!(text.len(), RECORDS.len());
}

/// The rows as Python reads them.
fn python_rows(connection: &Connection) -> Vec<Vec<Value>> {
    let rows = "SELECT action_id, action_type, input_hash, status, result_payload, created_at, \
        completed_at FROM effect_records ORDER BY 1, 4";
    connection
        .prepare(rows)
        .unwrap()
        .query_map([], |row| (0..7).map(|at| row.get(at)).collect())
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

fn assert_python_reads(bench: &Bench, before: &[Vec<Value>]) {
    let rows = python_rows(&bench.raw());
    for (row, before) in rows.iter().zip(before) {
        assert_eq!(row, before);
    }
    assert_eq!(rows.len(), before.len());
}

fn version(connection: &Connection) -> i64 {
    let version = "SELECT version FROM effect_store";
    connection.query_row(version, [], |row| row.get(0)).unwrap()
}

fn has_moved(connection: &Connection) -> bool {
    let view = "SELECT 1 FROM sqlite_schema WHERE type = 'view' AND name = 'effect_records'";
    connection.prepare(view).unwrap().exists([]).unwrap()
}

/// Waits until another thread or process has raised the version.
fn until_raised(connection: &Connection) {
    while version(connection) == 1 {
        thread::yield_now();
    }
}

#[test]
fn every_record_is_as_it_was() {
    let bench = bench_of_version_1();
    let before = python_rows(&bench.raw());
    assert_eq!(before.len(), 34);
    let store = opened_after_a_lease(&bench);
    assert_all_there(&bench, &store);
    assert_python_reads(&bench, &before);
    // Version 1 counts Python's "released" as released, and lists it as in doubt.
    let counts = wait(store.counts()).unwrap();
    assert_eq!((counts.pending, counts.success, counts.failed), (2, 14, 1));
    assert_eq!((counts.released, counts.in_doubt), (2, 14));
    // Opened again, there is nothing to do.
    assert_all_there(&bench, &bench.open());
    let fence = won(&store, id(1000)).fence();
    assert!(fence > Fence::new(19 + 15), "{fence}");
    let check: String = bench
        .raw()
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(check, "ok");
}

/// An operator's look changes nothing: programs of version 1 may be at work.
#[test]
fn a_program_that_only_looks_moves_nothing() {
    let bench = bench_of_version_1();
    let refusal = || {
        let refused = SqliteEffectStore::open_existing(bench.path());
        let refused = refused.expect_err("it is of version 1");
        assert!(
            matches!(refused, StoreError::Misconfigured { .. }),
            "{refused}"
        );
        refused.to_string()
    };
    assert!(refusal().contains("of version 1"), "{}", refusal());
    OldProgram::open(&bench, id(51)).claim(HOUR).unwrap();
    bench
        .raw()
        .execute("UPDATE effect_store SET version = 2", [])
        .unwrap();
    assert!(refusal().contains("of version 1"), "{}", refusal());
    assert!(!has_moved(&bench.raw()));
}

/// The owner of a claim that was alive completes it by the token that version 1 gave it.
#[test]
fn an_owner_goes_on_after_the_move() {
    let bench = bench_of_version_1();
    let store = opened_after_a_lease(&bench);
    let record = wait(store.get(id(1))).unwrap().unwrap();
    let token = Token::new(id(1), record.fence, record.claim_id.unwrap());
    wait(store.renew(&token, HOUR)).unwrap();
    wait(store.complete(&token, success("\"late\""))).unwrap();
    assert_eq!(result(&store, id(1)).as_deref(), Some("\"late\""));
}

#[test]
fn an_old_program_claims_nothing_more_and_finishes_what_it_has_begun() {
    let bench = empty_bench_of_version_1();
    let old = OldProgram::open(&bench, id(50));
    old.claim(HOUR).unwrap();
    let store = thread::scope(|threads| {
        let opening = threads.spawn(|| bench.open());
        let raw = bench.raw();
        until_raised(&raw);
        let refusal = OldProgram::open(&bench, id(51)).claim(HOUR).unwrap_err();
        assert!(refusal.contains("its tables are version 2"), "{refusal}");
        // It stays open for it: the clock stands still.
        old.renew(2 * HOUR);
        assert!(!has_moved(&raw));
        let mut transaction = bench.raw();
        let transaction = transaction.transaction().unwrap();
        let token = Token::new(id(50), Fence::new(FENCE), ClaimId::from_bits(CLAIM));
        let refused = SqliteEffectStore::complete_in(&transaction, &token, success("1"));
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("of an older version until"), "{refused}");
        old.complete("\"in time\"");
        opening.join().unwrap()
    });
    assert_eq!(result(&store, id(50)).as_deref(), Some("\"in time\""));
    let record = wait(store.get(id(50))).unwrap().unwrap();
    assert_eq!(record.fence, Fence::new(FENCE));
    assert_eq!(record.claim_id, Some(ClaimId::from_bits(CLAIM)));
    assert_eq!(record.renewals, 1);
    assert!(won(&store, id(51)).fence() > record.fence);
}

#[test]
fn a_claim_that_is_renewed_for_ever_is_waited_for_one_default_lease() {
    let bench = empty_bench_of_version_1();
    OldProgram::open(&bench, id(50)).claim(1000 * HOUR).unwrap();
    let began = bench.now();
    let store = opened_after_a_lease(&bench);
    let waited = Duration::from_nanos(bench.now() - began);
    assert!(waited >= retry_effects::store::DEFAULT_LEASE, "{waited:?}");
    assert!(matches!(
        wait(store.resolve(id(50))).unwrap(),
        Resolved::Busy(_)
    ));
}

/// Killed while it waited for the claims that are alive.
#[test]
fn what_a_killed_process_has_begun_the_next_one_finishes() {
    let bench = bench_of_version_1();
    let mut child = child(&bench, "stands still");
    until_raised(&bench.raw());
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!has_moved(&bench.raw()));
    let store = opened_after_a_lease(&bench);
    assert_all_there(&bench, &store);
}

#[test]
fn of_many_processes_one_moves_the_records() {
    let bench = bench_of_version_1();
    let before = python_rows(&bench.raw());
    let children: Vec<_> = (0..6).map(|_| child(&bench, "runs")).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let store = bench.open();
    assert_all_there(&bench, &store);
    assert_python_reads(&bench, &before);
}

/// Opens the file in a process of its own.
fn child(bench: &Bench, clock: &str) -> std::process::Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["version_1::child_opens", "--exact", "--nocapture"])
        .env(CHILD, bench.path())
        .env("EFFECTS_TEST_CLOCK", clock)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// With the clock of the dump, by which claims are alive, or with the machine's: the dump is of another
/// start of it.
#[test]
fn child_opens() {
    let Some(path) = std::env::var_os(CHILD) else {
        return;
    };
    if std::env::var("EFFECTS_TEST_CLOCK").unwrap() == "runs" {
        SqliteEffectStore::open(path).unwrap();
    } else {
        let clock = u64::try_from(NOW.as_nanos()).unwrap();
        SqliteEffectStore::open_with_clock(path, std::sync::Arc::new(clock.into())).unwrap();
    }
}

#[test]
fn the_applications_rows_that_refer_to_records_stay() {
    let bench = bench_of_version_1();
    let raw = bench.raw();
    raw.execute_batch(
        "CREATE TABLE orders (action TEXT REFERENCES effect_records (action_id) ON DELETE CASCADE);
         INSERT INTO orders VALUES ('order-7')",
    )
    .unwrap();
    opened_after_a_lease(&bench);
    let orders: i64 = raw
        .query_row("SELECT count(*) FROM orders", [], |row| row.get(0))
        .unwrap();
    assert_eq!(orders, 1);
}

#[test]
fn a_table_of_the_applications_with_our_name_is_left_alone() {
    let bench = empty_bench_of_version_1();
    let raw = bench.raw();
    raw.execute_batch("CREATE TABLE Effects (name TEXT)")
        .unwrap();
    let error = SqliteEffectStore::open(bench.path()).unwrap_err();
    assert!(matches!(error, StoreError::Unreadable { .. }), "{error:?}");
    assert!(
        error.to_string().contains("a table Effects of another"),
        "{error}"
    );
    assert!(!has_moved(&raw));
}

#[test]
fn records_that_are_missing_are_not_taken_for_none() {
    let bench = bench_of_version_1();
    bench
        .raw()
        .execute_batch("ALTER TABLE effect_records RENAME TO taken")
        .unwrap();
    let error = SqliteEffectStore::open(bench.path()).unwrap_err();
    assert!(matches!(error, StoreError::Unreadable { .. }), "{error:?}");
    assert!(
        error.to_string().contains("has lost its records"),
        "{error}"
    );
}
