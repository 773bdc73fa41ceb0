//! Rows of the Python package, and its unguarded writes over ours, statement for statement.

use std::time::Duration;

use retry_effects::store::{
    Claim, ClaimRequest, DEFAULT_LEASE, Filter, InputHash, Payload, Resolved, Settlement, Status,
};
use retry_effects::{ActionId, EffectStore, Fence, Outcome};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension};

use crate::bench::{Bench, id, result, success, wait, won};

/// The wall clock of the bench's stores, about.
const NOW: &str = "2026-01-01T00:00:00.500000+00:00";
const LONG_AGO: &str = "2025-06-01T12:00:00.123456+00:00";

/// `SqliteEffectStore.__init__` of nodus-retry 0.2.0.
fn python_table(connection: &Connection) {
    connection
        .execute_batch(
            "PRAGMA journal_mode=WAL;
             CREATE TABLE IF NOT EXISTS effect_records (
             action_id TEXT PRIMARY KEY,
             action_type TEXT NOT NULL DEFAULT '',
             input_hash TEXT NOT NULL DEFAULT '',
             status TEXT NOT NULL,
             result_payload TEXT,
             created_at TEXT NOT NULL,
             completed_at TEXT)",
        )
        .unwrap();
}

/// Whether it has recorded its beginning.
fn python_pending(connection: &Connection, id: ActionId, now: &str) -> rusqlite::Result<bool> {
    let insert = "INSERT OR IGNORE INTO effect_records \
         (action_id, action_type, input_hash, status, created_at) VALUES (?1, '', ?2, 'pending', ?3)";
    changes(connection, id, || {
        connection.execute(insert, [&id.to_string(), "a-hash", now])
    })
}

/// Whether it has recorded its end.
fn python_complete(
    connection: &Connection,
    id: ActionId,
    status: &str,
    json: Option<&str>,
) -> bool {
    let update = "UPDATE effect_records SET status = ?1, result_payload = ?2, completed_at = ?3 \
         WHERE action_id = ?4";
    let write = || connection.execute(update, (status, json, NOW, id.to_string()));
    changes(connection, id, write).unwrap()
}

/// Whether a write changes a row; SQLite itself reports 0 changes of a view.
fn changes(
    connection: &Connection,
    id: ActionId,
    write: impl FnOnce() -> rusqlite::Result<usize>,
) -> rusqlite::Result<bool> {
    let before = row(connection, id);
    write()?;
    Ok(row(connection, id) != before)
}

/// The columns of a row as Python reads them.
fn row(connection: &Connection, id: ActionId) -> Option<Vec<Value>> {
    let find = "SELECT action_id, action_type, input_hash, status, result_payload, created_at, \
         completed_at FROM effect_records WHERE action_id = ?1";
    let read = |row: &rusqlite::Row<'_>| (0..7).map(|at| row.get(at)).collect();
    connection
        .query_row(find, [id.to_string()], read)
        .optional()
        .unwrap()
}

fn status(connection: &Connection, id: ActionId) -> String {
    let find = "SELECT status FROM effect_records WHERE action_id = ?1";
    connection
        .query_row(find, [id.to_string()], |row| row.get(0))
        .unwrap()
}

#[test]
fn a_file_of_pythons_is_taken_over_with_its_rows() {
    let bench = Bench::new();
    let python = bench.raw();
    python_table(&python);
    for number in 1..=4 {
        let created = if number == 3 { NOW } else { LONG_AGO };
        python_pending(&python, id(number), created).unwrap();
    }
    python_complete(&python, id(1), "success", Some(r#"{"receipt": 9}"#));
    python_complete(&python, id(2), "failed", None);
    python_complete(&python, id(4), "success", None);
    let store = bench.open();
    let Resolved::Done(finished) = wait(store.resolve(id(1))).unwrap() else {
        panic!("its success is honoured");
    };
    assert_eq!((finished.fence, finished.input_hash), (Fence::NONE, None));
    assert_eq!(finished.payload, Payload::new(r#"{"receipt": 9}"#));
    assert!(matches!(
        wait(store.resolve(id(2))).unwrap(),
        Resolved::InDoubt(_)
    ));
    let Resolved::Busy(busy) = wait(store.resolve(id(3))).unwrap() else {
        panic!("it has just begun");
    };
    assert_eq!((busy.fence, busy.lease), (Fence::NONE, DEFAULT_LEASE));
    assert!(busy.left <= DEFAULT_LEASE && busy.left > DEFAULT_LEASE - Duration::from_secs(1));
    assert_eq!(result(&store, id(4)).as_deref(), Some("null"));
    bench.advance(DEFAULT_LEASE);
    assert!(matches!(
        wait(store.resolve(id(3))).unwrap(),
        Resolved::InDoubt(_)
    ));
}

#[test]
fn what_python_left_in_doubt_is_taken_over_or_settled() {
    let bench = Bench::new();
    let store = bench.open();
    let python = bench.raw();
    for number in 1..=3 {
        python_pending(&python, id(number), LONG_AGO).unwrap();
    }
    let mut request = ClaimRequest::new(id(1), "test");
    assert!(matches!(
        wait(store.pending(&request)).unwrap(),
        Claim::InDoubt(_)
    ));
    request.takeover = Some(Fence::NONE);
    let Claim::Won(token) = wait(store.pending(&request)).unwrap() else {
        panic!("not taken over");
    };
    let word = Settlement::Success(Payload::new("1"));
    wait(store.settle(id(2), Fence::NONE, word)).unwrap();
    wait(store.settle(id(3), Fence::NONE, Settlement::NotApplied)).unwrap();
    // Its late writes change nothing any more.
    for number in 1..=3 {
        assert!(!python_complete(&python, id(number), "failed", None));
        assert!(!python_complete(&python, id(number), "success", Some("{}")));
    }
    wait(store.complete(&token, success("1"))).unwrap();
    assert_eq!(result(&store, id(1)).as_deref(), Some("1"));
    assert_eq!(result(&store, id(2)).as_deref(), Some("1"));
    assert_eq!(status(&python, id(3)), "released");
}

#[test]
fn python_is_kept_from_what_we_hold_or_doubt_and_holds_no_lock_afterwards() {
    let bench = Bench::new();
    let store = bench.open();
    won(&store, id(1));
    let doubtful = won(&store, id(2));
    wait(store.complete(&doubtful, Outcome::in_doubt(None))).unwrap();
    let python = bench.raw();
    for number in [1, 2] {
        // Python's module begins a transaction before it writes.
        python.execute_batch("BEGIN").unwrap();
        let error = python_pending(&python, id(number), NOW).unwrap_err();
        assert!(error.to_string().contains("must not run now"), "{error}");
        assert!(python.is_autocommit(), "rolled back, and its lock with it");
        won(&store, id(100 + number));
    }
    assert_eq!(status(&python, id(1)), "pending");
    assert_eq!(status(&python, id(2)), "in_doubt");
}

#[test]
fn python_takes_over_what_we_released_or_what_failed() {
    let bench = Bench::new();
    let store = bench.open();
    let released = won(&store, id(1));
    wait(store.release(&released)).unwrap();
    let failed = won(&store, id(2));
    wait(store.complete(&failed, Outcome::Failed(Payload::new("1")))).unwrap();
    let python = bench.raw();
    for number in [1, 2] {
        assert!(python_pending(&python, id(number), NOW).unwrap());
        assert!(matches!(
            wait(store.resolve(id(number))).unwrap(),
            Resolved::Busy(_)
        ));
        // The late write of our owner is refused.
        wait(store.complete(&released, success("1"))).unwrap_err();
        assert!(python_complete(&python, id(number), "success", Some("{}")));
        assert_eq!(result(&store, id(number)).as_deref(), Some("{}"));
    }
}

#[test]
fn pythons_writes_change_no_success() {
    let bench = Bench::new();
    let store = bench.open();
    let token = won(&store, id(1));
    wait(store.complete(&token, success("1"))).unwrap();
    let python = bench.raw();
    python_pending(&python, id(2), NOW).unwrap();
    python_complete(&python, id(2), "success", Some("2"));
    for number in [1, 2] {
        assert!(!python_pending(&python, id(number), NOW).unwrap());
        assert!(!python_complete(&python, id(number), "failed", None));
        assert_eq!(result(&store, id(number)), Some(number.to_string()));
    }
    assert_eq!(
        wait(store.get(id(2))).unwrap().unwrap().status,
        Status::Success
    );
}

#[test]
fn names_that_are_no_ids_are_counted_and_left_alone() {
    let bench = Bench::new();
    let store = bench.open();
    bench
        .raw()
        .execute_batch(
            "INSERT INTO effect_records (action_id, status, created_at)
             VALUES ('order-7', 'pending', 'yesterday')",
        )
        .unwrap();
    won(&store, id(1));
    assert_eq!(wait(store.counts()).unwrap().total(), 2);
    assert_eq!(wait(store.list(&Filter::all())).unwrap().len(), 1);
}

/// Every text that it may hold: the record is there, and so nobody runs the action again unasked.
#[test]
fn a_time_that_is_none_keeps_no_record_of_pythons_out() {
    let bench = Bench::new();
    let store = bench.open();
    let python = bench.raw();
    for (number, time) in ["", "yesterday", "2026", "9999-99-99T99:99:99"]
        .into_iter()
        .enumerate()
    {
        let id = id(number as u64);
        assert!(python_pending(&python, id, time).unwrap());
        let created = row(&python, id).unwrap().swap_remove(5);
        assert_eq!(created, Value::Text(time.to_owned()));
        assert!(matches!(
            wait(store.resolve(id)).unwrap(),
            Resolved::InDoubt(_)
        ));
    }
    let without = "INSERT OR IGNORE INTO effect_records (action_id, status) VALUES (?1, 'pending')";
    python.execute(without, [id(9).to_string()]).unwrap();
    assert!(matches!(
        wait(store.resolve(id(9))).unwrap(),
        Resolved::InDoubt(_)
    ));
}

/// What the package writes comes back as it was, and so does what this crate wrote of its own.
#[test]
fn python_reads_its_own_columns() {
    let bench = Bench::new();
    let store = bench.open();
    let python = bench.raw();
    python_pending(&python, id(1), LONG_AGO).unwrap();
    python_complete(&python, id(1), "partial", Some("{\"a\": 1}"));
    let text = |text: &str| Value::Text(text.to_owned());
    assert_eq!(
        row(&python, id(1)).unwrap(),
        [
            text(&id(1).to_string()),
            text(""),
            text("a-hash"),
            text("partial"),
            text("{\"a\": 1}"),
            text(LONG_AGO),
            text(NOW)
        ]
    );
    let mut request = ClaimRequest::new(id(2), "charge");
    request.input_hash = Some(InputHash::from_bytes([0xAB; 32]));
    let Claim::Won(token) = wait(store.pending(&request)).unwrap() else {
        panic!("not won");
    };
    bench.advance(Duration::from_millis(1250));
    wait(store.complete(&token, success("[2]"))).unwrap();
    assert_eq!(
        row(&python, id(2)).unwrap(),
        [
            text(&id(2).to_string()),
            text("charge"),
            text(&format!("r1:{}", "ab".repeat(32))),
            text("success"),
            text("[2]"),
            text("2026-01-01T00:00:01+00:00"),
            text("2026-01-01T00:00:02.250000+00:00")
        ]
    );
}

#[test]
fn python_finds_an_action_by_the_index() {
    let bench = Bench::new();
    let _store = bench.open();
    let python = bench.raw();
    for statement in [
        "SELECT status, result_payload FROM effect_records WHERE action_id = 'x'",
        "UPDATE effect_records SET status = 'success' WHERE action_id = 'x'",
    ] {
        let plan: Vec<String> = python
            .prepare(&format!("EXPLAIN QUERY PLAN {statement}"))
            .unwrap()
            .query_map([], |row| row.get(3))
            .unwrap()
            .collect::<Result<_, _>>()
            .unwrap();
        assert!(
            plan[0].starts_with("SEARCH effects USING INDEX"),
            "{plan:?}"
        );
        assert!(
            !plan.iter().any(|step| step.starts_with("SCAN effects")),
            "{plan:?}"
        );
    }
}

/// One counter issues the fences of both.
#[test]
fn fences_are_issued_once_also_to_pythons_rows() {
    let bench = Bench::new();
    let store = bench.open();
    let python = bench.raw();
    let mut fences = Vec::new();
    for number in 0..10 {
        fences.push(won(&store, id(2 * number)).fence());
        assert!(python_pending(&python, id(2 * number + 1), NOW).unwrap());
        // Ignored, and nothing is lost.
        assert!(!python_pending(&python, id(2 * number + 1), NOW).unwrap());
    }
    assert!(fences.is_sorted_by(|one, next| one < next), "{fences:?}");
    assert_eq!(wait(store.counts()).unwrap().pending, 20);
    // Not a statement of the package's.
    let replace = "INSERT OR REPLACE INTO effect_records (action_id, status, created_at) \
         VALUES (?1, 'success', ?2)";
    python.execute(replace, [&id(1).to_string(), NOW]).unwrap();
    let counts = wait(store.counts()).unwrap();
    assert_eq!((counts.pending, counts.success), (19, 1));
}

/// Also behind claims that have come and gone since.
#[test]
fn what_python_begins_again_is_pending_again() {
    let bench = Bench::new();
    let store = bench.open();
    let python = bench.raw();
    python_pending(&python, id(1), NOW).unwrap();
    assert!(python_complete(&python, id(1), "failed", None));
    for number in 100..200 {
        let token = won(&store, id(number));
        wait(store.complete(&token, success("1"))).unwrap();
    }
    assert!(python_complete(&python, id(1), "pending", None));
    assert_eq!(wait(store.counts()).unwrap().pending, 1);
    let pending = Filter::all().status(Status::Pending);
    assert_eq!(wait(store.list(&pending)).unwrap().len(), 1);
    assert!(matches!(
        wait(store.resolve(id(1))).unwrap(),
        Resolved::Busy(_)
    ));
}
