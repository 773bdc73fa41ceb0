//! `rusqlite::Error`, from real databases: known without a dependency on it.

use std::error::Error;

use retry_core::{Classify, Verdict};
use rusqlite::Connection;

type Failure = Box<dyn Error>;

/// Advice, proof and kind.
fn judged(error: rusqlite::Error) -> (Verdict, bool, &'static str) {
    let error: Failure = error.into();
    let judged = error.classify();
    (judged.verdict(), judged.is_not_applied(), judged.kind())
}

fn fail(connection: &Connection, sql: &str) -> rusqlite::Error {
    connection.execute_batch(sql).expect_err(sql)
}

#[test]
fn a_file_that_another_connection_writes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let open = || {
        let connection = Connection::open(folder.path().join("busy.db")).expect("a connection");
        connection
            .busy_timeout(std::time::Duration::ZERO)
            .expect("no wait");
        connection
    };
    let (first, second) = (open(), open());
    first.execute_batch("BEGIN IMMEDIATE").expect("the lock");
    let error = fail(&second, "BEGIN IMMEDIATE");
    assert_eq!(judged(error), (Verdict::Retry, true, "busy"));
}

#[test]
fn statements_that_are_refused() {
    let memory = Connection::open_in_memory().expect("a database");
    memory
        .execute_batch("CREATE TABLE t (n UNIQUE); INSERT INTO t VALUES (1)")
        .expect("a table");
    let error = fail(&memory, "INSERT INTO t VALUES (1)");
    assert_eq!(judged(error), (Verdict::Stop, true, "constraint_violation"));
    let syntax = memory.prepare("SELEKT").expect_err("no SQL");
    assert_eq!(judged(syntax), (Verdict::Stop, true, "rejected"));
}

/// A known limit: each statement of a batch without a transaction commits by itself.
#[test]
fn a_batch_that_fails_at_its_second_statement_has_kept_its_first() {
    let memory = Connection::open_in_memory().expect("a database");
    memory
        .execute_batch("CREATE TABLE t (n UNIQUE)")
        .expect("a table");
    let error = fail(
        &memory,
        "INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)",
    );
    assert_eq!(judged(error), (Verdict::Stop, true, "constraint_violation"));
    let rows: u32 = memory
        .query_row("SELECT count(*) FROM t", [], |row| row.get(0))
        .expect("a number");
    assert_eq!(rows, 1);
}

#[test]
fn what_says_nothing_is_no_proof() {
    let memory = Connection::open_in_memory().expect("a database");
    let none = memory.query_row("SELECT 1 WHERE 0", [], |_| Ok(()));
    let (_, is_not_applied, _) = judged(none.expect_err("no row"));
    assert!(!is_not_applied);
}
