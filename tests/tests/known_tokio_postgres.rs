//! `tokio_postgres::Error`, from a real Postgres server and from failing transports.

use std::net::SocketAddr;
use std::time::Duration;

use retry_tests::judged::{DECLINED, REFUSED, TURNED_AWAY, UNKNOWN, assert_judged};
use retry_tests::loopback::{Peer, Reaction, Refusing, Stalling};
use retry_tests::postgres::ThrowawayPostgres;
use tokio_postgres::{Client, Config, Error, NoTls};

async fn try_connect(config: &Config) -> Result<Client, Error> {
    let (client, connection) = config.connect(NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn connect(server: &ThrowawayPostgres) -> Client {
    try_connect(&config(server)).await.expect("a connection")
}

fn config(server: &ThrowawayPostgres) -> Config {
    let mut config = Config::new();
    config
        .host_path(server.socket_dir())
        .port(server.port())
        .user(server.user())
        .dbname("postgres");
    config
}

async fn run(client: &Client, sql: &str) {
    client
        .batch_execute(sql)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

async fn fail(client: &Client, sql: &str) -> Error {
    match client.batch_execute(sql).await {
        Ok(()) => panic!("{sql} did not fail"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn statements() {
    let Some(server) = ThrowawayPostgres::shared() else {
        return;
    };
    let client = connect(&server).await;
    run(
        &client,
        "CREATE TABLE statements (id int PRIMARY KEY, n int CHECK (n > 0))",
    )
    .await;
    run(&client, "INSERT INTO statements VALUES (1, 1)").await;
    for (sql, verdict, kind) in [
        (
            "INSERT INTO statements VALUES (1, 1)",
            REFUSED,
            "constraint_violation",
        ),
        (
            "INSERT INTO statements VALUES (2, 0)",
            REFUSED,
            "constraint_violation",
        ),
        ("SELEKT", REFUSED, "syntax_or_access"),
        ("SELECT 1 / 0", REFUSED, "data_exception"),
        (
            "BEGIN READ ONLY; DELETE FROM statements",
            TURNED_AWAY,
            "read_only",
        ),
        (
            "ROLLBACK; BEGIN; SELECT * FROM missing",
            REFUSED,
            "syntax_or_access",
        ),
        ("SELECT 1", REFUSED, "transaction_state"),
        (
            "ROLLBACK; DO 'BEGIN RAISE EXCEPTION $$no$$; END'",
            REFUSED,
            "raised",
        ),
        (
            "SET statement_timeout = 20; SELECT pg_sleep(60)",
            TURNED_AWAY,
            "query_canceled",
        ),
    ] {
        assert_judged(&fail(&client, sql).await, verdict, kind);
    }
}

/// Codes that take a failing disk, an upgrade or a standby to provoke, raised by the server with
/// its own hand.
#[tokio::test]
async fn codes_that_are_hard_to_come_by() {
    let Some(server) = ThrowawayPostgres::shared() else {
        return;
    };
    let client = connect(&server).await;
    for (code, verdict, kind) in [
        ("08006", UNKNOWN, "connection"),
        ("40003", UNKNOWN, "completion_unknown"),
        ("53100", REFUSED, "storage_full"),
        ("53200", TURNED_AWAY, "insufficient_resources"),
        ("55006", TURNED_AWAY, "object_in_use"),
        ("57P02", UNKNOWN, "shutdown"),
        ("57P03", TURNED_AWAY, "starting_up"),
        ("58030", UNKNOWN, "database"),
        ("XX000", UNKNOWN, "database"),
        ("XX001", REFUSED, "corrupted"),
        ("ZZ999", UNKNOWN, "database"),
    ] {
        let raise = format!("DO 'BEGIN RAISE SQLSTATE $${code}$$; END'");
        assert_judged(&fail(&client, &raise).await, verdict, kind);
    }
}

#[tokio::test]
async fn a_serialization_failure() {
    let Some(server) = ThrowawayPostgres::shared() else {
        return;
    };
    let (first, second) = (connect(&server).await, connect(&server).await);
    run(
        &first,
        "CREATE TABLE serial (n int); INSERT INTO serial VALUES (1)",
    )
    .await;
    for client in [&first, &second] {
        run(client, "BEGIN ISOLATION LEVEL SERIALIZABLE").await;
        run(client, "SELECT sum(n) FROM serial").await;
        run(client, "INSERT INTO serial VALUES (2)").await;
    }
    run(&first, "COMMIT").await;
    let error = fail(&second, "COMMIT").await;
    assert_judged(&error, TURNED_AWAY, "serialization_failure");
}

#[tokio::test]
async fn a_deadlock() {
    let Some(server) = ThrowawayPostgres::shared() else {
        return;
    };
    let (first, second) = (connect(&server).await, connect(&server).await);
    run(
        &first,
        "CREATE TABLE dead (id int); INSERT INTO dead VALUES (1), (2)",
    )
    .await;
    for (client, id) in [(&first, 1), (&second, 2)] {
        run(client, "SET deadlock_timeout = 20; BEGIN").await;
        run(
            client,
            &format!("SELECT * FROM dead WHERE id = {id} FOR UPDATE"),
        )
        .await;
    }
    let (a, b) = tokio::join!(
        first.batch_execute("SELECT * FROM dead WHERE id = 2 FOR UPDATE; ROLLBACK"),
        second.batch_execute("SELECT * FROM dead WHERE id = 1 FOR UPDATE; ROLLBACK"),
    );
    let victim = a.and(b).expect_err("one of the two gives way");
    assert_judged(&victim, TURNED_AWAY, "deadlock");
}

#[tokio::test]
async fn a_lock_that_is_held() {
    let Some(server) = ThrowawayPostgres::shared() else {
        return;
    };
    let (first, second) = (connect(&server).await, connect(&server).await);
    run(&first, "CREATE TABLE held (n int)").await;
    run(&first, "BEGIN; LOCK TABLE held").await;
    for sql in [
        "BEGIN; LOCK TABLE held NOWAIT",
        "ROLLBACK; SET lock_timeout = 20; SELECT * FROM held",
    ] {
        assert_judged(&fail(&second, sql).await, TURNED_AWAY, "lock_not_available");
    }
}

#[tokio::test]
async fn a_backend_that_is_ended() {
    let Some(server) = ThrowawayPostgres::shared() else {
        return;
    };
    let (first, second) = (connect(&server).await, connect(&server).await);
    let id: i32 = second
        .query_one("SELECT pg_backend_pid()", &[])
        .await
        .expect("a row")
        .get(0);
    let end = async {
        // Once the other runs its statement.
        let running = "SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'";
        while first
            .query(running, &[&id])
            .await
            .expect("an answer")
            .is_empty()
        {}
        first
            .query("SELECT pg_terminate_backend($1)", &[&id])
            .await
            .expect("an end");
    };
    let (ended, ()) = tokio::join!(second.batch_execute("SELECT pg_sleep(60)"), end);
    assert_judged(&ended.expect_err("an end"), UNKNOWN, "shutdown");
    let error = fail(&second, "SELECT 1").await;
    assert_judged(&error, UNKNOWN, "connection_closed");
}

#[tokio::test]
async fn a_server_that_declines_a_session() {
    let Some(server) = ThrowawayPostgres::shared() else {
        return;
    };
    let client = connect(&server).await;
    run(&client, "CREATE ROLE crowded LOGIN CONNECTION LIMIT 0").await;
    for (config, verdict, kind) in [
        (
            config(&server).user("crowded").clone(),
            TURNED_AWAY,
            "too_many_connections",
        ),
        (
            config(&server).user("stranger").clone(),
            REFUSED,
            "authentication",
        ),
        (
            config(&server).dbname("missing").clone(),
            REFUSED,
            "not_found",
        ),
    ] {
        let error = try_connect(&config).await.expect_err("a failure");
        assert_judged(&error, verdict, kind);
    }
}

#[tokio::test]
async fn rows_and_parameters_that_do_not_fit() {
    let Some(server) = ThrowawayPostgres::shared() else {
        return;
    };
    let client = connect(&server).await;
    let none = client.query_one("SELECT 1 WHERE false", &[]).await;
    assert_judged(&none.expect_err("no row"), DECLINED, "row_count");
    let unfit = client.query("SELECT $1::int", &[&"text"]).await;
    assert_judged(&unfit.expect_err("a text"), REFUSED, "invalid_request");
    let too_many = client.query("SELECT 1", &[&1_i32]).await;
    assert_judged(
        &too_many.expect_err("a parameter"),
        REFUSED,
        "invalid_request",
    );
    let row = client
        .query_one("SELECT 'text'::text AS a", &[])
        .await
        .expect("a row");
    for error in [
        row.try_get::<_, i32>("a").expect_err("a text"),
        row.try_get::<_, &str>("b").expect_err("no such column"),
    ] {
        assert_judged(&error, UNKNOWN, "decode");
    }
}

fn at(address: SocketAddr) -> Config {
    let mut config = Config::new();
    config
        .host(address.ip().to_string())
        .port(address.port())
        .user("tester");
    config
}

#[tokio::test]
async fn a_server_out_of_reach() {
    let refusing = Refusing::start();
    let error = try_connect(&at(refusing.address()))
        .await
        .expect_err("a failure");
    assert_judged(&error, TURNED_AWAY, "connection_refused");

    let stalling = Stalling::start().await;
    let mut patient = at(stalling.address());
    patient.connect_timeout(Duration::from_millis(50));
    let error = try_connect(&patient).await.expect_err("a failure");
    assert_judged(&error, TURNED_AWAY, "connect_timeout");

    // The socket of a server that is not up.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut missing = Config::new();
    missing.host_path(folder.path()).user("tester");
    let error = try_connect(&missing).await.expect_err("a failure");
    assert_judged(&error, TURNED_AWAY, "connect");
}

#[tokio::test]
async fn a_peer_that_breaks_off() {
    for (reaction, kind) in [
        (Reaction::Close, "connection_closed"),
        (Reaction::Reset, "connection_reset"),
        (
            Reaction::Answer(b"HTTP/1.1 400 Bad Request\r\n".to_vec()),
            "io",
        ),
    ] {
        let peer = Peer::start(reaction).await;
        let mut config = at(peer.address());
        config.ssl_mode(tokio_postgres::config::SslMode::Disable);
        let error = try_connect(&config).await.expect_err("a failure");
        assert_judged(&error, UNKNOWN, kind);
    }

    let peer = Peer::start(Reaction::Answer(b"N".to_vec())).await;
    let mut config = at(peer.address());
    config.ssl_mode(tokio_postgres::config::SslMode::Require);
    let error = try_connect(&config).await.expect_err("a failure");
    assert_judged(&error, REFUSED, "tls");
}

#[tokio::test]
async fn settings_that_make_no_sense() {
    let error = "port=many".parse::<Config>().expect_err("a failure");
    assert_judged(&error, REFUSED, "invalid_request");
    let error = try_connect(&Config::new()).await.expect_err("no host");
    assert_judged(&error, REFUSED, "invalid_request");
}
