//! Real errors of the known libraries inside `Box<dyn Error>`, anyhow, eyre and a thiserror enum:
//! the first known error of the source chain decides.

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use retry_core::{Classify, Verdict};
use retry_tests::judged::{Promise, REFUSED, TURNED_AWAY, UNKNOWN, promise_of};
use retry_tests::loopback::{Peer, Reaction, Refusing};

#[derive(Debug, thiserror::Error)]
enum AppError {
    // Texts that would be judged otherwise if they were.
    #[error("permission denied")]
    Io(#[from] io::Error),
    #[error("permission denied")]
    Http(#[from] reqwest::Error),
    #[error("permission denied")]
    Grpc(#[from] tonic::Status),
    #[error("permission denied")]
    Sqlx(#[from] sqlx::Error),
    #[error("permission denied")]
    Postgres(#[from] tokio_postgres::Error),
    #[error("permission denied")]
    Redis(#[from] redis::RedisError),
}

/// Its source is an `Arc` or a `Box`, whose own source is that of the error which it holds.
#[derive(Debug, thiserror::Error)]
#[error("permission denied")]
struct Holder<P: Error + 'static>(#[source] P);

/// Asserts that the error which `fail` makes is judged alike in each box.
async fn assert_seen_through<E>(name: &str, promise: Promise, fail: impl AsyncFn() -> E)
where
    E: Error + Classify + Send + Sync + 'static,
    AppError: From<E>,
{
    type Boxed = Box<dyn Error + Send + Sync>;
    let bare = fail().await;
    let kind = bare.classify().kind();
    assert_eq!(promise_of(&bare), promise, "{name}: {bare:?}");

    let boxed: Boxed = Box::new(fail().await);
    let app: Boxed = Box::new(AppError::from(fail().await));
    let local: Box<dyn Error> = Box::new(AppError::from(fail().await));
    let anyhow = anyhow::Error::new(AppError::from(fail().await)).context("forbidden");
    let eyre = eyre::Report::new(AppError::from(fail().await)).wrap_err("forbidden");
    let outer = io::Error::other(AppError::from(fail().await));
    let shared: Boxed = Box::new(Holder(Arc::new(fail().await)));
    let held: Boxed = Box::new(Holder(Box::new(fail().await)));
    let wrapped: [(&str, &dyn Classify); 8] = [
        ("Box<dyn Error + Send + Sync>", &boxed),
        ("thiserror in a box", &app),
        ("Box<dyn Error>", &local),
        ("anyhow", &anyhow),
        ("eyre", &eyre),
        ("io::Error", &outer),
        ("an Arc in thiserror", &shared),
        ("a Box in thiserror", &held),
    ];
    for (wrapper, error) in wrapped {
        let judged = (promise_of(error), error.classify().kind());
        assert_eq!(judged, (promise, kind), "{name} in {wrapper}: {error}");
    }
}

async fn http(address: SocketAddr) -> reqwest::Error {
    retry_tests::choose_encryption();
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let sent = client.get(format!("http://{address}")).send().await;
    sent.and_then(reqwest::Response::error_for_status)
        .expect_err("a failure")
}

async fn grpc(address: SocketAddr) -> tonic::Status {
    let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{address}"));
    let connected = endpoint.expect("an address").connect().await;
    tonic::Status::from_error(connected.expect_err("a failure").into())
}

async fn sqlx_postgres(address: SocketAddr) -> sqlx::Error {
    use sqlx::Connection;
    let url = format!("postgres://tester@{address}/test?sslmode=disable");
    sqlx::PgConnection::connect(&url)
        .await
        .expect_err("a failure")
}

async fn postgres(address: SocketAddr) -> tokio_postgres::Error {
    let config = format!("postgres://tester@{address}/test?sslmode=disable");
    let connected = tokio_postgres::connect(&config, tokio_postgres::NoTls).await;
    connected.err().expect("a failure")
}

async fn redis(address: SocketAddr) -> redis::RedisError {
    let client = redis::Client::open(format!("redis://{address}")).expect("a client");
    let connected = client.get_multiplexed_async_connection().await;
    connected.expect_err("a failure")
}

async fn stream(address: SocketAddr) -> io::Error {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let exchange = async {
        let mut stream = tokio::net::TcpStream::connect(address).await?;
        stream.write_all(b"hello").await?;
        stream.read_u8().await
    };
    exchange.await.expect_err("a failure")
}

#[tokio::test]
async fn a_refused_connection() {
    let refusing = Refusing::start();
    let address = refusing.address();
    assert_seen_through("io", TURNED_AWAY, || stream(address)).await;
    assert_seen_through("reqwest", TURNED_AWAY, || http(address)).await;
    assert_seen_through("tonic", TURNED_AWAY, || grpc(address)).await;
    assert_seen_through("sqlx", TURNED_AWAY, || sqlx_postgres(address)).await;
    assert_seen_through("tokio-postgres", TURNED_AWAY, || postgres(address)).await;
    assert_seen_through("redis", TURNED_AWAY, || redis(address)).await;
}

#[tokio::test]
async fn a_reset_connection() {
    let peer = Peer::start(Reaction::Reset).await;
    let address = peer.address();
    assert_seen_through("io", UNKNOWN, || stream(address)).await;
    assert_seen_through("reqwest", UNKNOWN, || http(address)).await;
    assert_seen_through("sqlx", UNKNOWN, || sqlx_postgres(address)).await;
    assert_seen_through("tokio-postgres", UNKNOWN, || postgres(address)).await;
    assert_seen_through("redis", UNKNOWN, || redis(address)).await;
}

#[tokio::test]
async fn a_status_that_says_stop_or_retry() {
    for (line, verdict) in [("404 Not Found", REFUSED), ("503 Busy", UNKNOWN)] {
        let answer = format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\n\r\n").into_bytes();
        let peer = Peer::start(Reaction::Answer(answer)).await;
        assert_seen_through(line, verdict, || http(peer.address())).await;
    }
}

#[tokio::test]
async fn a_constraint() {
    use sqlx::{ConnectOptions, Executor};
    let violate = async || {
        let options = sqlx::sqlite::SqliteConnectOptions::new().in_memory(true);
        let mut memory = options.connect().await.expect("a database in memory");
        let sql = "CREATE TABLE t (n UNIQUE); INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)";
        memory.execute(sql).await.expect_err("a failure")
    };
    assert_seen_through("sqlx", REFUSED, violate).await;
}

#[tokio::test]
async fn a_status_with_a_hint() {
    let status = async || {
        let mut status = tonic::Status::unavailable("later");
        let wait = "250".parse().expect("ASCII");
        status.metadata_mut().insert("grpc-retry-pushback-ms", wait);
        status
    };
    let promise = (
        Verdict::RetryAfter(std::time::Duration::from_millis(250)),
        true,
    );
    assert_seen_through("tonic", promise, status).await;
}
