//! Rows of the Python package, and its unguarded writes over ours, statement for statement.

use std::time::Duration;

use retry_effects::store::{
    Claim, ClaimRequest, DEFAULT_LEASE, Payload, Resolved, Settlement, Status,
};
use retry_effects::{ActionId, EffectStore, Fence, Outcome};
use rusqlite::Connection;

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

fn python_pending(connection: &Connection, id: ActionId, now: &str) -> rusqlite::Result<usize> {
    connection.execute(
        "INSERT OR IGNORE INTO effect_records \
         (action_id, action_type, input_hash, status, created_at) VALUES (?1, '', ?2, 'pending', ?3)",
        [&id.to_string(), "a-hash", now],
    )
}

fn python_complete(
    connection: &Connection,
    id: ActionId,
    status: &str,
    json: Option<&str>,
) -> usize {
    connection
        .execute(
            "UPDATE effect_records SET status = ?1, result_payload = ?2, completed_at = ?3 \
             WHERE action_id = ?4",
            (status, json, NOW, id.to_string()),
        )
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
        assert_eq!(python_complete(&python, id(number), "failed", None), 0);
        assert_eq!(
            python_complete(&python, id(number), "success", Some("{}")),
            0
        );
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
        assert_eq!(python_pending(&python, id(number), NOW).unwrap(), 1);
        assert!(matches!(
            wait(store.resolve(id(number))).unwrap(),
            Resolved::Busy(_)
        ));
        // The late write of our owner is refused.
        wait(store.complete(&released, success("1"))).unwrap_err();
        assert_eq!(
            python_complete(&python, id(number), "success", Some("{}")),
            1
        );
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
        assert_eq!(python_pending(&python, id(number), NOW).unwrap(), 0);
        assert_eq!(python_complete(&python, id(number), "failed", None), 0);
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
    assert_eq!(
        wait(store.list(&retry_effects::store::Filter::all()))
            .unwrap()
            .len(),
        1
    );
}
