//! `redis::RedisError`, from a server on the loopback interface that speaks just enough RESP to
//! refuse, and from failing transports.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ErrorKind, RedisError, RedisResult, cmd, pipe};
use retry_core::{Answer, Classify};
use retry_tests::judged::{DECLINED, REFUSED, TURNED_AWAY, UNKNOWN, assert_judged, promise_of};
use retry_tests::loopback::{Peer, Reaction, Refusing};

/// A Redis server that answers each command by name, on threads of its own: the listening one
/// ends with the test's process. No answer ends the connection.
fn serve(answer: impl Fn(&str) -> Option<String> + Clone + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let address = listener.local_addr().expect("the port just bound");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            thread::spawn(move || converse(stream, answer));
        }
    });
    address
}

fn converse(stream: TcpStream, answer: impl Fn(&str) -> Option<String>) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let mut line = || {
        lines
            .next()
            .unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()))
    };
    loop {
        // `*2`, then `$3`, `GET`, `$1`, `k`.
        let count: usize = line()?.trim_start_matches('*').parse().expect("a length");
        let mut words = Vec::new();
        for _ in 0..count {
            line()?;
            words.push(line()?);
        }
        // The client introduces itself by CLIENT SETINFO.
        let reply = match words[0].as_str() {
            "CLIENT" => Some("+OK".to_owned()),
            name => answer(name),
        };
        let Some(reply) = reply else { return Ok(()) };
        (&stream).write_all(format!("{reply}\r\n").as_bytes())?;
    }
}

async fn connect(address: SocketAddr) -> RedisResult<MultiplexedConnection> {
    connect_with(address, None).await
}

async fn connect_with(
    address: SocketAddr,
    timeout: Option<Duration>,
) -> RedisResult<MultiplexedConnection> {
    let client = Client::open(format!("redis://{address}"))?;
    let config = AsyncConnectionConfig::new()
        .set_response_timeout(timeout)
        .set_connection_timeout(None);
    client
        .get_multiplexed_async_connection_with_config(&config)
        .await
}

/// The error of one command that the server answers so.
async fn failure_of(reply: &'static str) -> RedisError {
    let address = serve(move |_| Some(reply.to_owned()));
    let mut connection = connect(address).await.expect("a connection");
    let sent = cmd("SET")
        .arg("k")
        .arg("v")
        .query_async::<i64>(&mut connection)
        .await;
    sent.expect_err("a failure")
}

#[tokio::test]
async fn replies() {
    for (reply, verdict, kind) in [
        (
            "-LOADING Redis is loading the dataset in memory",
            TURNED_AWAY,
            "loading",
        ),
        ("-BUSY Redis is busy running a script.", TURNED_AWAY, "busy"),
        (
            "-TRYAGAIN Multiple keys request during rehashing of slot",
            TURNED_AWAY,
            "try_again",
        ),
        (
            "-CLUSTERDOWN The cluster is down",
            TURNED_AWAY,
            "cluster_down",
        ),
        (
            "-MASTERDOWN Link with MASTER is down",
            TURNED_AWAY,
            "master_down",
        ),
        ("-MOVED 3999 127.0.0.1:6381", TURNED_AWAY, "moved"),
        ("-ASK 3999 127.0.0.1:6381", TURNED_AWAY, "moved"),
        (
            "-READONLY You can't write against a read only replica.",
            TURNED_AWAY,
            "read_only",
        ),
        (
            "-NOREPLICAS Not enough good replicas to write.",
            TURNED_AWAY,
            "no_replicas",
        ),
        (
            "-OOM command not allowed when used memory > 'maxmemory'.",
            TURNED_AWAY,
            "out_of_memory",
        ),
        (
            "-ERR max number of clients reached",
            TURNED_AWAY,
            "too_many_connections",
        ),
        ("-ERR unknown command 'SETT'", REFUSED, "rejected"),
        ("-ERR", DECLINED, "rejected"),
        (
            "-WRONGTYPE Operation against a key of the wrong kind",
            REFUSED,
            "wrong_type",
        ),
        (
            "-NOAUTH Authentication required.",
            REFUSED,
            "authentication",
        ),
        (
            "-WRONGPASS invalid username-password pair",
            REFUSED,
            "authentication",
        ),
        (
            "-NOPERM this user has no permissions",
            REFUSED,
            "authentication",
        ),
        ("-NOSCRIPT No matching script.", REFUSED, "rejected"),
        (
            "-CROSSSLOT Keys in request don't hash to the same slot",
            REFUSED,
            "rejected",
        ),
        (
            "-EXECABORT Transaction discarded because of previous errors.",
            REFUSED,
            "rejected",
        ),
        (
            "-MISCONF Errors writing to the AOF file",
            REFUSED,
            "rejected",
        ),
        ("-CUSTOM of a module", DECLINED, "rejected"),
        (
            "-WRONGTYPE Operation against a key script: 7e0f, on @user_script:2.",
            UNKNOWN,
            "script",
        ),
    ] {
        assert_judged(&failure_of(reply).await, verdict, kind);
    }
}

#[tokio::test]
async fn answers_of_another_form() {
    for reply in ["+OK", "$-1", "*1\r\n:1"] {
        assert_judged(&failure_of(reply).await, UNKNOWN, "decode");
    }
    assert_judged(&failure_of("no RESP").await, UNKNOWN, "decode");
}

#[tokio::test]
async fn a_pipeline_that_fails_in_part() {
    let address = serve(|name| {
        Some(
            if name == "SET" {
                "+OK"
            } else {
                "-WRONGTYPE no list"
            }
            .to_owned(),
        )
    });
    let mut connection = connect(address).await.expect("a connection");
    let mut both = pipe();
    both.cmd("SET")
        .arg("k")
        .arg("v")
        .cmd("LPUSH")
        .arg("k")
        .arg("v");
    let error = both
        .query_async::<()>(&mut connection)
        .await
        .expect_err("a failure");
    assert_judged(&error, UNKNOWN, "pipeline");
}

#[tokio::test]
async fn a_pipeline_that_ends_a_transaction_of_old() {
    let address = serve(|name| {
        Some(
            if name == "EXEC" {
                "-EXECABORT Discarded."
            } else {
                "+OK"
            }
            .to_owned(),
        )
    });
    let mut connection = connect(address).await.expect("a connection");
    let mut both = pipe();
    both.cmd("EXEC").cmd("SET").arg("k").arg("v");
    let sent = both.query_async::<()>(&mut connection).await;
    assert_judged(&sent.expect_err("a failure"), UNKNOWN, "pipeline");
}

#[tokio::test]
async fn a_transaction_that_was_not_run() {
    for (refusal, verdict, kind) in [
        ("-LOADING not yet", TURNED_AWAY, "loading"),
        ("-ERR unknown command", REFUSED, "rejected"),
    ] {
        let address = serve(move |name| {
            let reply = match name {
                "MULTI" => "+OK",
                "EXEC" => "-EXECABORT Transaction discarded because of previous errors.",
                "SET" => "+QUEUED",
                _ => refusal,
            };
            Some(reply.to_owned())
        });
        let mut connection = connect(address).await.expect("a connection");
        let mut both = pipe();
        both.atomic()
            .cmd("SET")
            .arg("k")
            .arg("v")
            .cmd("INCR")
            .arg("n");
        let error = both
            .query_async::<()>(&mut connection)
            .await
            .expect_err("a failure");
        assert_judged(&error, verdict, kind);
    }
}

#[tokio::test]
async fn closed_before_the_answer() {
    let address = serve(|_| None);
    let mut connection = connect(address).await.expect("a connection");
    let error = cmd("SET")
        .query_async::<()>(&mut connection)
        .await
        .expect_err("a failure");
    assert_judged(&error, UNKNOWN, "broken_pipe");
}

#[tokio::test]
async fn broken_while_connecting() {
    for reaction in [Reaction::Close, Reaction::Reset] {
        let peer = Peer::start(reaction).await;
        let error = connect(peer.address()).await.expect_err("a failure");
        assert_eq!(promise_of(&error), UNKNOWN, "{error:?}");
    }
}

#[tokio::test]
async fn timeout_of_an_answer() {
    let address = serve(|_| {
        // Silence: the thread waits for what never comes.
        thread::park();
        None
    });
    let mut connection = connect_with(address, Some(Duration::from_millis(200)))
        .await
        .expect("a connection");
    let error = cmd("SET")
        .query_async::<()>(&mut connection)
        .await
        .expect_err("a failure");
    assert_judged(&error, UNKNOWN, "timed_out");
}

#[test]
fn timeout_of_an_answer_to_a_blocking_client() {
    let address = serve(|_| {
        thread::park();
        None
    });
    let client = Client::open(format!("redis://{address}")).expect("a client");
    let mut connection = client.get_connection().expect("a connection");
    let patience = Duration::from_millis(50);
    connection
        .set_read_timeout(Some(patience))
        .expect("a timeout");
    let error = cmd("SET").exec(&mut connection).expect_err("a failure");
    // The socket reports "would block", which from elsewhere is worth another attempt.
    assert_judged(&error, UNKNOWN, "timed_out");
}

#[tokio::test]
async fn refused() {
    let refusing = Refusing::start();
    let error = connect(refusing.address()).await.expect_err("a failure");
    assert_judged(&error, TURNED_AWAY, "connection_refused");

    let folder = tempfile::tempdir().expect("a temporary folder");
    let socket = format!("redis+unix://{}", folder.path().join("none.sock").display());
    let client = Client::open(socket).expect("a client");
    let error = client
        .get_multiplexed_async_connection()
        .await
        .expect_err("a failure");
    assert_judged(&error, TURNED_AWAY, "connection_refused");
}

#[tokio::test]
async fn a_password_that_is_refused() {
    let address = serve(|_| Some("-WRONGPASS invalid username-password pair".to_owned()));
    let client = Client::open(format!("redis://:secret@{address}")).expect("a client");
    let error = client
        .get_multiplexed_async_connection()
        .await
        .expect_err("a failure");
    assert_judged(&error, REFUSED, "authentication");
}

#[test]
fn a_client_that_cannot_be_made() {
    let error = Client::open("http://127.0.0.1").expect_err("a failure");
    assert_eq!(RedisError::kind(&error), ErrorKind::InvalidClientConfig);
    assert_judged(&error, REFUSED, "invalid_request");
}

#[tokio::test]
async fn a_server_in_trouble_has_not_answered() {
    for (reply, answer) in [
        (
            "-WRONGTYPE Operation against a key of the wrong kind",
            Answer::Answered,
        ),
        ("-CUSTOM of a module", Answer::Answered),
        ("-MISCONF Errors writing to the AOF file", Answer::Failing),
        ("-LOADING not yet", Answer::Failing),
    ] {
        assert_eq!(
            failure_of(reply).await.classify().answer(),
            answer,
            "{reply}"
        );
    }
    let misused = Client::open("http://127.0.0.1").expect_err("a failure");
    assert_eq!(misused.classify().answer(), Answer::NotAsked);
}

/// A known limit: a script that catches an error of the server's answers it as its own.
#[tokio::test]
async fn a_script_may_answer_with_a_code_of_the_servers() {
    let caught = "-WRONGTYPE Operation against a key holding the wrong kind of value";
    assert_judged(&failure_of(caught).await, REFUSED, "wrong_type");
    let raised = "-WRONGTYPE Operation against a key script: 7e0f, on @user_script:2.";
    assert_judged(&failure_of(raised).await, UNKNOWN, "script");
}
