//! `sqlx::Error` of sqlx 0.8, beside 0.9: from a real Postgres server and from one out of reach.

use std::time::Duration;

use retry_tests::judged::{DECLINED, REFUSED, TURNED_AWAY, UNKNOWN, assert_judged};
use retry_tests::loopback::{Peer, Reaction, Refusing};
use retry_tests::postgres::ThrowawayPostgres;
use sqlx_08::postgres::{PgConnectOptions, PgPoolOptions, PgSslMode};
use sqlx_08::{ConnectOptions, Executor, Row};

fn at(address: std::net::SocketAddr) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .host("127.0.0.1")
        .port(address.port())
        .username("tester")
        .ssl_mode(PgSslMode::Disable)
}

#[tokio::test]
async fn out_of_reach() {
    let refusing = Refusing::start();
    let error = at(refusing.address()).connect().await;
    let error = error.expect_err("a failure");
    assert_judged(&error, TURNED_AWAY, "connection_refused");

    let patience = PgPoolOptions::new().acquire_timeout(Duration::from_millis(50));
    let pool = patience.connect_lazy_with(at(refusing.address()));
    let error = pool.acquire().await.expect_err("a failure");
    assert_judged(&error, TURNED_AWAY, "pool_timed_out");
    pool.close().await;
    let error = pool.acquire().await.expect_err("a failure");
    assert_judged(&error, REFUSED, "pool_closed");

    let peer = Peer::start(Reaction::Reset).await;
    let error = at(peer.address()).connect().await.expect_err("a failure");
    assert_judged(&error, UNKNOWN, "connection_reset");
}

#[tokio::test]
async fn statements() {
    let Some(server) = ThrowawayPostgres::shared() else {
        return;
    };
    let options = PgConnectOptions::new_without_pgpass()
        .socket(server.socket_dir())
        .port(server.port())
        .username(server.user())
        .database("postgres");
    let mut connection = options.connect().await.expect("a connection");
    let table = "CREATE TABLE of_08 (id int PRIMARY KEY); INSERT INTO of_08 VALUES (1)";
    connection.execute(table).await.expect("a table");
    for (sql, promise, kind) in [
        (
            "INSERT INTO of_08 VALUES (1)",
            REFUSED,
            "constraint_violation",
        ),
        ("SELEKT", REFUSED, "syntax_or_access"),
        (
            "SET statement_timeout = 20; SELECT pg_sleep(60)",
            TURNED_AWAY,
            "query_canceled",
        ),
    ] {
        let error = connection.execute(sql).await.expect_err("a failure");
        assert_judged(&error, promise, kind);
    }
    let none = sqlx_08::query("SELECT 1 WHERE false").fetch_one(&mut connection);
    assert_judged(&none.await.expect_err("no row"), DECLINED, "row_not_found");
    let row = sqlx_08::query("SELECT 'text' AS a").fetch_one(&mut connection);
    let row = row.await.expect("a row");
    let error = row.try_get::<i64, _>("a").expect_err("a text");
    assert_judged(&error, UNKNOWN, "decode");
}
