//! `sqlx::Error`, from real SQLite databases and from a real Postgres server.

use std::path::Path;
use std::time::Duration;

use retry_tests::judged::{DECLINED, REFUSED, TURNED_AWAY, UNKNOWN, assert_judged, promise_of};
use retry_tests::loopback::{Peer, Reaction, Refusing};
use retry_tests::postgres::ThrowawayPostgres;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Executor, PgConnection, Row, SqliteConnection,
};

/// A connection to a database file, which does not wait for locks.
fn file(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .busy_timeout(Duration::ZERO)
}

async fn memory() -> SqliteConnection {
    let options = SqliteConnectOptions::new().in_memory(true);
    options.connect().await.expect("a database in memory")
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) {
    connection
        .execute(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

async fn fail(connection: &mut SqliteConnection, sql: &'static str) -> sqlx::Error {
    match connection.execute(sql).await {
        Ok(_) => panic!("{sql} did not fail"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn sqlite_refuses_a_statement() {
    let mut memory = memory().await;
    run(
        &mut memory,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL UNIQUE)",
    )
    .await;
    run(&mut memory, "INSERT INTO t VALUES (1, 1)").await;
    for (sql, verdict, kind) in [
        (
            "INSERT INTO t VALUES (1, 2)",
            REFUSED,
            "constraint_violation",
        ),
        (
            "INSERT INTO t VALUES (2, 1)",
            REFUSED,
            "constraint_violation",
        ),
        (
            "INSERT INTO t VALUES (2, NULL)",
            REFUSED,
            "constraint_violation",
        ),
        ("INSERT INTO t VALUES ('text', 2)", REFUSED, "rejected"),
        ("SELEKT", REFUSED, "rejected"),
        ("SELECT * FROM missing", REFUSED, "rejected"),
    ] {
        assert_judged(&fail(&mut memory, sql).await, verdict, kind);
    }
    run(&mut memory, "PRAGMA query_only = 1").await;
    let error = fail(&mut memory, "DELETE FROM t").await;
    assert_judged(&error, REFUSED, "read_only");
}

#[tokio::test]
async fn sqlite_is_busy() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = file(&folder.path().join("busy.db"));
    let mut first = options.connect().await.expect("a connection");
    let mut second = options.connect().await.expect("a connection");
    run(&mut first, "BEGIN IMMEDIATE").await;
    let error = fail(&mut second, "BEGIN IMMEDIATE").await;
    assert_judged(&error, TURNED_AWAY, "busy");
}

/// The extended code `SQLITE_BUSY_SNAPSHOT`: a reader that wants to write what has changed since.
#[tokio::test]
async fn sqlite_is_busy_with_a_newer_snapshot() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let options = file(&folder.path().join("wal.db")).journal_mode(SqliteJournalMode::Wal);
    let mut first = options.connect().await.expect("a connection");
    let mut second = options.connect().await.expect("a connection");
    run(&mut first, "CREATE TABLE t (n)").await;
    run(&mut first, "BEGIN").await;
    run(&mut first, "SELECT * FROM t").await;
    run(&mut second, "INSERT INTO t VALUES (1)").await;
    let error = fail(&mut first, "INSERT INTO t VALUES (2)").await;
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    assert_eq!(code.as_deref(), Some("517"));
    assert_judged(&error, TURNED_AWAY, "busy");
}

#[tokio::test]
async fn sqlite_shares_a_locked_table() {
    let options: SqliteConnectOptions = "sqlite:file:known_sqlx?mode=memory&cache=shared"
        .parse()
        .expect("options");
    let mut first = options.connect().await.expect("a connection");
    let mut second = options.connect().await.expect("a connection");
    run(&mut first, "CREATE TABLE t (n)").await;
    run(&mut first, "BEGIN; INSERT INTO t VALUES (1)").await;
    let error = fail(&mut second, "SELECT * FROM t").await;
    assert_judged(&error, TURNED_AWAY, "locked");
}

#[tokio::test]
async fn sqlite_is_full() {
    let mut memory = memory().await;
    run(&mut memory, "PRAGMA max_page_count = 2").await;
    run(&mut memory, "CREATE TABLE t (n)").await;
    let error = fail(&mut memory, "INSERT INTO t VALUES (zeroblob(100000))").await;
    assert_judged(&error, REFUSED, "storage_full");
}

#[tokio::test]
async fn sqlite_files_that_are_none() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let missing = file(&folder.path().join("missing.db")).create_if_missing(false);
    let error = missing.connect().await.expect_err("a failure");
    assert_judged(&error, REFUSED, "cannot_open");

    let junk = folder.path().join("junk.db");
    std::fs::write(&junk, "no database at all".repeat(100)).expect("a file");
    let error = match file(&junk).connect().await {
        Ok(mut connection) => fail(&mut connection, "SELECT * FROM sqlite_master").await,
        Err(error) => error,
    };
    assert_judged(&error, REFUSED, "corrupted");
}

#[tokio::test]
async fn rows_that_the_caller_did_not_expect() {
    let mut memory = memory().await;
    let none = sqlx::query("SELECT 1 WHERE 0").fetch_one(&mut memory).await;
    assert_judged(&none.expect_err("no row"), DECLINED, "row_not_found");

    let row = sqlx::query("SELECT 'text' AS a")
        .fetch_one(&mut memory)
        .await
        .expect("a row");
    for error in [
        row.try_get::<i64, _>("a").expect_err("a text"),
        row.try_get::<String, _>("b").expect_err("no such column"),
        row.try_get::<String, _>(1).expect_err("no such column"),
    ] {
        assert_judged(&error, UNKNOWN, "decode");
    }
}

#[tokio::test]
async fn pools() {
    let options = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(Duration::from_millis(500));
    let pool = options.connect("sqlite::memory:").await.expect("a pool");
    let held = pool.acquire().await.expect("the only connection");
    let error = pool.acquire().await.expect_err("a failure");
    assert_judged(&error, TURNED_AWAY, "pool_timed_out");
    drop(held);
    pool.close().await;
    let error = pool.acquire().await.expect_err("a failure");
    assert_judged(&error, REFUSED, "pool_closed");
}

#[tokio::test]
async fn options_that_make_no_sense() {
    let error = PgConnection::connect("postgres://localhost:port/").await;
    assert_judged(&error.expect_err("a failure"), REFUSED, "invalid_request");
}

fn at(address: std::net::SocketAddr) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(address.port())
        .username("tester")
        .ssl_mode(PgSslMode::Disable)
}

#[tokio::test]
async fn postgres_out_of_reach() {
    let refusing = Refusing::start();
    let error = at(refusing.address())
        .connect()
        .await
        .expect_err("a failure");
    assert_judged(&error, TURNED_AWAY, "connection_refused");

    // A pool keeps trying for as long as it may.
    let patience = PgPoolOptions::new().acquire_timeout(Duration::from_millis(50));
    let pool = patience.connect_lazy_with(at(refusing.address()));
    let error = pool.acquire().await.expect_err("a failure");
    assert_judged(&error, TURNED_AWAY, "pool_timed_out");

    for (reaction, kind) in [
        (Reaction::Close, "unexpected_eof"),
        (Reaction::Reset, "connection_reset"),
    ] {
        let peer = Peer::start(reaction).await;
        let error = at(peer.address()).connect().await.expect_err("a failure");
        assert_judged(&error, UNKNOWN, kind);
    }

    let peer = Peer::start(Reaction::Answer(b"N".to_vec())).await;
    let encrypted = at(peer.address()).ssl_mode(PgSslMode::Require);
    let error = encrypted.connect().await.expect_err("a failure");
    assert_judged(&error, REFUSED, "tls");
}

fn on(server: &ThrowawayPostgres) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(server.socket_dir())
        .port(server.port())
        .username(server.user())
        .database("postgres")
}

#[tokio::test]
async fn postgres_refuses_a_statement() {
    let Some(server) = ThrowawayPostgres::shared() else {
        return;
    };
    let mut connection = on(&server).connect().await.expect("a connection");
    let table = "CREATE TABLE refused (id int PRIMARY KEY); INSERT INTO refused VALUES (1)";
    connection.execute(table).await.expect("a table");
    for (sql, verdict, kind) in [
        (
            "INSERT INTO refused VALUES (1)",
            REFUSED,
            "constraint_violation",
        ),
        ("SELEKT", REFUSED, "syntax_or_access"),
        ("SELECT * FROM missing", REFUSED, "syntax_or_access"),
        ("SELECT 1 / 0", REFUSED, "data_exception"),
        (
            "SET statement_timeout = 20; SELECT pg_sleep(60)",
            TURNED_AWAY,
            "query_canceled",
        ),
    ] {
        let error = connection.execute(sql).await.expect_err("a failure");
        assert_judged(&error, verdict, kind);
    }
}

#[tokio::test]
async fn postgres_finds_a_conflict() {
    let Some(server) = ThrowawayPostgres::shared() else {
        return;
    };
    let mut first = on(&server).connect().await.expect("a connection");
    let mut second = on(&server).connect().await.expect("a connection");
    let table = "CREATE TABLE conflict (n int); INSERT INTO conflict VALUES (1)";
    first.execute(table).await.expect("a table");
    for connection in [&mut first, &mut second] {
        let begin = "BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT * FROM conflict";
        connection.execute(begin).await.expect("a transaction");
    }
    first
        .execute("UPDATE conflict SET n = 2; COMMIT")
        .await
        .expect("the first wins");
    let error = second.execute("UPDATE conflict SET n = 3").await;
    assert_judged(
        &error.expect_err("a conflict"),
        TURNED_AWAY,
        "serialization_failure",
    );
}

#[tokio::test]
async fn postgres_ends_or_declines_a_session() {
    let Some(server) = ThrowawayPostgres::shared() else {
        return;
    };
    let mut first = on(&server).connect().await.expect("a connection");
    let mut second = on(&server).connect().await.expect("a connection");
    let id: i32 = sqlx::query_scalar("SELECT pg_backend_pid()")
        .fetch_one(&mut second)
        .await
        .expect("an id");
    let end = format!("SELECT pg_terminate_backend({id})");
    first
        .execute(AssertSqlSafe(end))
        .await
        .expect("the other's end");
    let error = second.execute("SELECT 1").await.expect_err("a failure");
    assert_eq!(promise_of(&error), UNKNOWN, "{error:?}");

    let elsewhere = on(&server).database("missing").connect().await;
    assert_judged(&elsewhere.expect_err("a failure"), REFUSED, "not_found");
    let stranger = on(&server).username("stranger").connect().await;
    assert_judged(&stranger.expect_err("a failure"), REFUSED, "authentication");
}
