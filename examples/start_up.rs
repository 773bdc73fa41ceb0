//! A service at boot: it waits until its storage and its queue are up, serves a request, and shows
//! that it can be shut down while it still waits.
//!
//! ```text
//! cargo run -p retry-examples --bin start_up
//! ```
//!
//! `max_attempts = "unlimited"` is made for this: a service that starts before its dependencies
//! should neither give up nor flood them. Waits are capped and spread, so that a hundred instances
//! that boot together do not call together, and each attempt has a `timeout`, so that one silent
//! server cannot hold up the boot.
#![expect(clippy::print_stdout, reason = "an example talks to a person")]

mod http;
mod timeline;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use retry_core::{RetryScope, retry_scheduler, retry_storage};
use tokio::net::{TcpListener, TcpSocket};
use tokio::time::sleep;
use tracing::Level;

/// The configuration of the service: the addresses of its dependencies.
#[derive(Clone, Copy)]
struct Surroundings {
    storage: SocketAddr,
    queue: SocketAddr,
    /// The longest wait between two attempts.
    patience: Duration,
}

/// Waits until the storage listens, and then until it is ready: an answer other than "ready" is no
/// error, but is retried too.
#[retry_storage(
    max_attempts = "unlimited",
    min_wait = "50ms",
    max_wait = "300ms",
    timeout = "1s",
    retry_on_ok = |state: &String| state != "ready"
)]
async fn await_storage(storage: SocketAddr) -> io::Result<String> {
    ask(storage, "/state").await
}

/// Waits until the queue listens. An argument may be an expression over the function's parameters.
#[retry_scheduler(
    max_attempts = "unlimited",
    min_wait = surroundings.patience / 4,
    max_wait = surroundings.patience,
    timeout = "1s"
)]
async fn await_queue(surroundings: Surroundings) -> io::Result<String> {
    ask(surroundings.queue, "/ping").await
}

/// Waits for both at once: the boot takes as long as the slower one. An error that no wait mends,
/// such as a missing permission, ends it.
async fn boot(surroundings: Surroundings) -> io::Result<()> {
    let storage = await_storage(surroundings.storage);
    tokio::try_join!(storage, await_queue(surroundings)).map(|_| ())
}

/// After the boot, a request gets the usual few attempts, because its client does not wait forever.
#[retry_scheduler(min_wait = "50ms", max_wait = "200ms", max_total_time = "1s")]
async fn enqueue(queue: SocketAddr, job: &str) -> io::Result<String> {
    ask(queue, job).await
}

async fn ask(address: SocketAddr, path: &str) -> io::Result<String> {
    let response = http::get(address, path).await?;
    match response.status {
        200 => Ok(response.body),
        status => Err(io::Error::other(format!("{path} was answered by {status}"))),
    }
}

#[tokio::main]
async fn main() -> io::Result<()> {
    timeline::start(Level::INFO);

    println!("\n1. Boot: the queue comes up after 0.4 s, the storage after 0.6 s\n");
    let (storage, queue) = (Dependency::reserve()?, Dependency::reserve()?);
    let surroundings = Surroundings {
        storage: storage.address,
        queue: queue.address,
        patience: Duration::from_millis(200),
    };
    storage.start_after(Duration::from_millis(600));
    queue.start_after(Duration::from_millis(400));
    boot(surroundings).await?;

    println!("\n2. Up: one request, and its answer\n");
    let answer = serve_one_request(surroundings.queue).await?;
    println!("   -> {answer}");
    assert_eq!(answer, "queued /jobs/7");

    println!("\n3. Shutdown during boot: no queue, and a wait of hours ends at once\n");
    let (storage, queue) = (Dependency::reserve()?, Dependency::reserve()?);
    let surroundings = Surroundings {
        storage: storage.address,
        queue: queue.address,
        patience: Duration::from_secs(4 * 3600),
    };
    storage.start_after(Duration::ZERO);
    let scope = RetryScope::new();
    let booting = tokio::spawn(scope.clone().run_async(boot(surroundings)));
    sleep(Duration::from_millis(500)).await;
    // A real service does this after `tokio::signal::ctrl_c()`.
    scope.cancel();
    let cancelled = Instant::now();
    let ended = booting.await?;
    println!("   -> {ended:?} within {:?}", cancelled.elapsed());
    assert!(cancelled.elapsed() < Duration::from_secs(2));
    assert!(matches!(ended, Err(error) if error.kind() == io::ErrorKind::ConnectionRefused));
    Ok(())
}

/// The service itself: it listens only now that it can work, and serves one request.
async fn serve_one_request(queue: SocketAddr) -> io::Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let service = listener.local_addr()?;
    let handle = |path: String| async move {
        match enqueue(queue, &path).await {
            Ok(queued) => http::answer("200 OK", &queued),
            Err(error) => http::answer("503 Service Unavailable", &error.to_string()),
        }
    };
    tokio::select! {
        ended = http::serve(listener, handle) => Err(io::Error::other(format!("{ended:?}"))),
        answer = http::get(service, "/jobs/7") => Ok(answer?.body),
    }
}

/// A dependency of the service. Its port is reserved, but it does not listen yet, so connections
/// are refused.
struct Dependency {
    address: SocketAddr,
    socket: TcpSocket,
}

impl Dependency {
    fn reserve() -> io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let address = socket.local_addr()?;
        Ok(Self { address, socket })
    }

    /// Listens after `delay`, and is ready from its third request on.
    fn start_after(self, delay: Duration) {
        tokio::spawn(async move {
            sleep(delay).await;
            let mut requests = 0;
            let answer = |path: String| {
                requests += 1;
                let starting = requests <= 2;
                async move {
                    let body = match path.as_str() {
                        "/state" if starting => "starting".to_owned(),
                        "/state" => "ready".to_owned(),
                        "/ping" => "pong".to_owned(),
                        job => format!("queued {job}"),
                    };
                    http::answer("200 OK", &body)
                }
            };
            http::serve(self.socket.listen(64)?, answer).await
        });
    }
}
