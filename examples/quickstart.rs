//! `#[retry_api]` against a server that is down, silent, overloaded and then well,
//! `#[retry_storage]` on a file that is late, and a payment that is taken once in any number of
//! calls. Everything is real: sockets on loopback, a file on disk, waits.
//!
//! ```text
//! cargo run -p retry-examples --bin quickstart
//! ```
//!
//! The output is that of a `tracing` subscriber; see `timeline.rs`. Arguments shorten the waits, so
//! that the example takes some five seconds; without arguments an attribute has the defaults of its
//! class (`#[retry_api]`: 4 attempts, 1 s to 15 s apart).
#![expect(clippy::print_stdout, reason = "an example talks to a person")]

mod http;
mod timeline;

use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::{Duration, SystemTime};
use std::{env, fs, io, process, thread};

use retry_core::{Classify, Judgement, RetryError, parse_retry_after, retry_api, retry_storage};
use retry_effects::{InMemoryEffectStore, set_default_store};
use tokio::net::TcpSocket;
use tracing::Level;

/// Failed calls are repeated: at most 8 attempts, 0.2 s to 1 s apart, each cut after 0.5 s.
/// Signature, body and error stay unchanged.
#[retry_api(
    max_attempts = 8,
    min_wait = "200ms",
    max_wait = "1s",
    timeout = "500ms"
)]
async fn fetch_task(server: SocketAddr, id: &str) -> Result<String, ApiError> {
    let response = http::get(server, &format!("/tasks/{id}")).await?;
    match response.status {
        200 => Ok(response.body),
        status => Err(ApiError::Status {
            status,
            retry_after: response
                .retry_after
                .and_then(|value| parse_retry_after(&value, SystemTime::now())),
        }),
    }
}

/// The errors of `fetch_task`.
#[derive(Debug, thiserror::Error)]
enum ApiError {
    #[error("no answer: {0}")]
    Connection(#[from] io::Error),
    #[error("the server answered {status}")]
    Status {
        status: u16,
        retry_after: Option<Duration>,
    },
    /// Needed by the argument `timeout`: an attempt that is cut has no error of the function's own.
    #[error(transparent)]
    Limit(#[from] RetryError),
}

/// Decides which errors are worth another attempt. Needed only for `Status`: without this `impl`
/// the `io::Error` inside decides, and for a status the error's text.
impl Classify for ApiError {
    fn classify(&self) -> Judgement {
        match self {
            Self::Connection(error) => error.classify(),
            Self::Limit(error) => error.classify(),
            Self::Status {
                status,
                retry_after,
            } => {
                // The kind is the name of the failure in statistics and metrics.
                let (retried, kind) = match status {
                    500.. => (true, "server_error"),
                    status => (matches!(status, 408 | 429), "client_error"),
                };
                retry_after
                    .map_or(Judgement::from(retried), Judgement::retry_after)
                    .with_kind(kind)
            }
        }
    }
}

/// A sync function: its thread sleeps. A missing file is final by default; this one will be written
/// soon.
#[retry_storage(
    min_wait = "200ms",
    max_wait = "800ms",
    retry_if = |error: &io::Error| error.kind() == io::ErrorKind::NotFound
)]
fn load_report(path: &Path) -> io::Result<String> {
    fs::read_to_string(path)
}

/// An effect: it happens once for each order, and later calls get its result. Here it is recorded
/// in memory; `exactly_once` records it in a file, and is killed.
#[retry_api(idempotent = true, key(order), skip(booked))]
async fn charge(booked: &Cell<u32>, order: u64, cents: u64) -> io::Result<String> {
    booked.set(booked.get() + 1);
    Ok(format!("receipt for order {order}, {cents} cents"))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    timeline::start(Level::INFO);
    retry_core::enable_stats();

    println!("\n1. A server that is down, then silent, then overloaded, then well:\n");
    let server = start_server()?;
    let task = fetch_task(server, "7").await?;
    println!("\n   -> {task:?}");
    assert_eq!(task, "write the report");

    println!("\n2. A request that is wrong comes back at once: 400 is final.\n");
    let refused = fetch_task(server, "seven").await;
    println!("   -> {refused:?}");
    assert!(matches!(refused, Err(ApiError::Status { status: 400, .. })));

    println!("\n3. A file that is not there yet, read by a sync function:\n");
    let folder = env::temp_dir().join(format!("retry-quickstart-{}", process::id()));
    fs::create_dir_all(&folder)?;
    let report = write_late_and_load(&folder);
    fs::remove_dir_all(&folder)?;
    println!("\n   -> {:?}", report?);

    println!("\n4. A payment that is asked for twice is taken once:\n");
    set_default_store(InMemoryEffectStore::new())?;
    let booked = Cell::new(0);
    let receipt = charge(&booked, 42, 1999).await?;
    let again = charge(&booked, 42, 1999).await?;
    println!(
        "   -> {receipt:?}\n   -> {again:?}\n   booked: {}",
        booked.get()
    );
    assert_eq!((receipt, booked.get()), (again, 1));

    println!("\n5. What retry_core::stats() has counted:\n");
    let stats = retry_core::stats();
    println!("{stats}");
    let fetched = stats.operation("fetch_task").ok_or("it was called")?;
    assert_eq!(
        (fetched.calls, fetched.retried, fetched.recovered),
        (2, 1, 1)
    );
    for kind in [
        "connection_refused",
        "attempt_timeout",
        "server_error",
        "client_error",
    ] {
        assert!(fetched.failures.iter().any(|(counted, _)| *counted == kind));
    }
    Ok(())
}

/// Starts a server on loopback that fails at first. Its port is reserved at once, but it listens
/// only after half a second: until then connections are refused.
fn start_server() -> io::Result<SocketAddr> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
    let address = socket.local_addr()?;
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let mut requests = 0;
        let in_turn = |path: String| {
            requests += 1;
            answer(requests, path)
        };
        http::serve(socket.listen(64)?, in_turn).await
    });
    Ok(address)
}

async fn answer(request: u32, path: String) -> String {
    match request {
        1 => std::future::pending().await,
        2 => http::answer("503 Service Unavailable\r\nRetry-After: 1", ""),
        _ if path == "/tasks/7" => http::answer("200 OK", "write the report"),
        _ => http::answer("400 Bad Request", ""),
    }
}

/// Loads a file that another thread writes 0.5 s later: after the first retry, before the second.
fn write_late_and_load(folder: &Path) -> io::Result<String> {
    let (draft, report) = (folder.join("draft"), folder.join("report"));
    thread::scope(|threads| {
        threads.spawn(|| {
            thread::sleep(Duration::from_millis(500));
            // Written to another path and renamed, so that no reader finds half a file.
            fs::write(&draft, "all is well").and_then(|()| fs::rename(&draft, &report))
        });
        load_report(&report)
    })
}
