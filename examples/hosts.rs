//! A program that calls many hosts: one that is silent and one that is overloaded leave the others alone.
//!
//! ```text
//! cargo run -p retry-examples --bin hosts
//! ```
//!
//! Three loopback servers: one works, one takes connections and never answers, one answers "too many
//! requests" to all but a few calls. Eight workers fetch from each in turn. First all hosts share their
//! guards: the silent host opens the circuit of all. Then each host has guards of its own.
#![expect(clippy::print_stdout, reason = "an example talks to a person")]

mod http;

use std::collections::BTreeMap;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use retry_core::{
    AdaptiveLimiter, AdaptiveLimiters, CircuitBreaker, CircuitBreakers, Classify, RetryBudget,
    RetryBudgets, RetryError, retry_api,
};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

const WORKERS: usize = 8;
const ROUNDS: usize = 5;

/// Templates: the guard of a host is made of it at the host's first call.
static CIRCUITS: CircuitBreakers = CircuitBreakers::new(
    CircuitBreaker::new("hosts").with_recovery_timeout(Duration::from_secs(60)),
);
static BUDGETS: RetryBudgets = RetryBudgets::new(RetryBudget::new(0.1).with_floor(0));
static LIMITERS: AdaptiveLimiters = AdaptiveLimiters::new(AdaptiveLimiter::new());

/// Fetches a page, under the guards of `guarded_as`.
#[retry_api(
    max_attempts = 3,
    min_wait = "10ms",
    throttled(min_wait = "100ms"),
    timeout = "250ms",
    max_total_time = "3s",
    circuit_breaker = CIRCUITS.of(guarded_as),
    budget = BUDGETS.of(guarded_as),
    adaptive = LIMITERS.of(guarded_as)
)]
async fn fetch(host: SocketAddr, guarded_as: &str) -> Result<String, FetchError> {
    let response = http::get(host, "/page").await?;
    match response.status {
        200 => Ok(response.body),
        429 => Err(FetchError::TooMany),
        status => Err(FetchError::Status(status)),
    }
}

#[derive(Debug, thiserror::Error, Classify)]
enum FetchError {
    #[error("too many requests")]
    #[classify(retry, not_applied, throttle)]
    TooMany,
    #[error("HTTP {0}")]
    Status(u16),
    #[error("no answer: {0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Limit(#[from] RetryError), // of the time limits, and of an open circuit
}

/// A server, and the number of requests that reached it.
struct Host {
    name: &'static str,
    address: SocketAddr,
    requests: Arc<AtomicU32>,
}

#[derive(Clone, Copy)]
enum Conduct {
    Works,
    IsSilent,
    /// Answers this number of requests, and refuses the others.
    IsOverloaded(u32),
}

impl Host {
    async fn start(name: &'static str, conduct: Conduct) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let requests = Arc::new(AtomicU32::new(0));
        let counted = requests.clone();
        tokio::spawn(http::serve(listener, move |_path| {
            let number = counted.fetch_add(1, Ordering::Relaxed);
            async move {
                match conduct {
                    Conduct::IsSilent => pending().await,
                    Conduct::IsOverloaded(room) if number >= room => {
                        http::answer("429 Too Many Requests", "")
                    }
                    Conduct::Works | Conduct::IsOverloaded(_) => http::answer("200 OK", "page"),
                }
            }
        }));
        Ok(Self {
            name,
            address,
            requests,
        })
    }
}

/// The outcomes of the calls to one host.
#[derive(Default)]
struct Outcomes {
    pages: u32,
    rejected: u32,
    failed: u32,
}

/// Fetches from all hosts, by all workers. `guarded_as` gives the key of a host's guards.
async fn crawl(
    hosts: &[Host],
    guarded_as: fn(&'static str) -> &'static str,
) -> BTreeMap<&'static str, Outcomes> {
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let targets: Vec<_> = hosts.iter().map(|host| (host.name, host.address)).collect();
        workers.spawn(async move {
            let mut ended = Vec::new();
            let order = targets
                .iter()
                .cycle()
                .skip(worker)
                .take(targets.len() * ROUNDS);
            for (name, address) in order {
                ended.push((*name, fetch(*address, guarded_as(name)).await));
            }
            ended
        });
    }
    let mut outcomes: BTreeMap<_, Outcomes> = BTreeMap::new();
    for (name, outcome) in workers.join_all().await.into_iter().flatten() {
        let of_host = outcomes.entry(name).or_default();
        *match outcome {
            Ok(_) => &mut of_host.pages,
            Err(FetchError::Limit(RetryError::CircuitOpen { .. })) => &mut of_host.rejected,
            Err(_) => &mut of_host.failed,
        } += 1;
    }
    outcomes
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let hosts = [
        Host::start("works", Conduct::Works).await?,
        Host::start("silent", Conduct::IsSilent).await?,
        Host::start("overloaded", Conduct::IsOverloaded(10)).await?,
    ];
    let calls = u32::try_from(WORKERS * ROUNDS).unwrap_or(u32::MAX);

    println!("One set of guards for all hosts:\n");
    let shared = crawl(&hosts, |_| "all").await;
    let shared = show(&hosts, &shared);
    assert!(shared < calls, "the healthy host suffers with the others");

    println!("\nGuards for each host:\n");
    let apart = crawl(&hosts, |name| name).await;
    let apart = show(&hosts, &apart);
    assert_eq!(apart, calls, "no call to the healthy host fails");
    Ok(())
}

/// Prints the outcomes, and returns the number of pages from the host that works.
fn show(hosts: &[Host], outcomes: &BTreeMap<&'static str, Outcomes>) -> u32 {
    let mut of_healthy = 0;
    println!("   host         calls   pages   rejected at once   failed   requests");
    for host in hosts {
        let (name, requests) = (host.name, host.requests.swap(0, Ordering::Relaxed));
        let Some(Outcomes {
            pages,
            rejected,
            failed,
        }) = outcomes.get(name)
        else {
            continue;
        };
        let calls = pages + rejected + failed;
        println!("   {name:<10} {calls:>7} {pages:>7} {rejected:>18} {failed:>8} {requests:>10}");
        if name == "works" {
            of_healthy = *pages;
        }
    }
    of_healthy
}
