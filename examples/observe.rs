//! The operators' view of a bad day: logs, Prometheus metrics over HTTP, and one event in the error
//! tracker for each call that has used up its attempts.
//!
//! ```text
//! cargo run -p retry-examples --features observe --bin observe
//! ```
//!
//! A shop takes orders over HTTP. Each order reads the stock (a retried read), takes a payment (a
//! gate, so that it is taken once; a budget and a circuit breaker, which spare a bank in trouble)
//! and prints a label (retried, inside a retried step). The bank works, then fails now and then,
//! then is down, and comes back. Then the program requests `/metrics` from itself, as Prometheus
//! does, and reads the events of the error tracker. It checks all figures that it shows, and fails
//! if one is wrong.
#![expect(clippy::print_stdout, reason = "an example talks to a person")]

mod http;
mod timeline;
mod tracker;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use retry_core::{
    CircuitBreaker, CircuitState, Classify, Jitter, RetryBudget, RetryError, RetryPolicy,
    retry_api, retry_storage, retry_worker,
};
use retry_effects::{EffectError, InMemoryEffectStore, set_default_store};
use tokio::net::TcpListener;
use tracing::Level;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

type Failure = Box<dyn std::error::Error>;

/// Short waits, so that the example is short.
const QUICK: RetryPolicy = RetryPolicy::new(3)
    .with_min_wait(Duration::from_millis(5))
    .with_jitter(Jitter::None);

/// In any case, at most one payment in five is retried, with eight retries in reserve.
static BUDGET: RetryBudget = RetryBudget::new(0.2).with_burst(8).with_floor(0);

/// Stops calling the bank after six failures in a row.
static BANK: CircuitBreaker = CircuitBreaker::new("bank")
    .with_failure_threshold(6)
    .with_recovery_timeout(Duration::from_millis(1_500));

/// The errors of an order.
#[derive(Debug, thiserror::Error, Classify)]
enum OrderError {
    #[error("no answer: {0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Retry(#[from] RetryError),
    #[error("{0}")]
    Effect(#[from] EffectError),
}

#[retry_storage(policy = QUICK)]
async fn read_stock(shop: &Shop) -> Result<(), OrderError> {
    shop.stock.answer()
}

#[retry_api(
    policy = QUICK,
    idempotent = true,
    name = "take_payment",
    key(order),
    skip(shop),
    budget = BUDGET,
    circuit_breaker = BANK
)]
async fn take_payment(shop: &Shop, order: u32) -> Result<u32, OrderError> {
    shop.bank.answer()?;
    Ok(shop.receipts.fetch_add(1, Ordering::Relaxed) + 1)
}

#[retry_api(policy = QUICK)]
async fn call_printer(shop: &Shop) -> Result<(), OrderError> {
    shop.printer.answer()
}

/// Three attempts here do not multiply the printer's: if those are used up, this call ends.
#[retry_worker(policy = QUICK)]
async fn print_label(shop: &Shop) -> Result<(), OrderError> {
    call_printer(shop).await
}

/// The shop, and its dependencies.
struct Shop {
    stock: Dependency,
    bank: Dependency,
    printer: Dependency,
    receipts: AtomicU32,
    metrics: PrometheusHandle,
}

impl Shop {
    async fn order(&self, number: u32) -> Result<u32, OrderError> {
        read_stock(self).await?;
        let receipt = take_payment(self, number).await?;
        print_label(self).await?;
        Ok(receipt)
    }

    /// Returns the shop's answer over HTTP.
    async fn respond(self: Arc<Self>, path: String) -> String {
        if path == "/metrics" {
            return http::answer("200 OK", &self.metrics.render());
        }
        let Some(Ok(number)) = path.strip_prefix("/order/").map(str::parse) else {
            return http::answer("404 Not Found", "");
        };
        match self.order(number).await {
            Ok(receipt) => http::answer("200 OK", &format!("receipt {receipt}")),
            Err(error) => http::answer("503 Service Unavailable", &error.to_string()),
        }
    }
}

/// A dependency that fails a given number of times.
#[derive(Default)]
struct Dependency(Mutex<u32>);

impl Dependency {
    fn fails(&self, times: u32) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = times;
    }

    fn answer(&self) -> Result<(), OrderError> {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *failures == 0 {
            return Ok(());
        }
        *failures -= 1;
        Err(io::Error::from(io::ErrorKind::ConnectionRefused).into())
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    // Logs for people, and the error tracker: two layers, neither special to retries.
    let tracker = tracker::start();
    tracing_subscriber::registry()
        .with(timeline::layer(Level::INFO))
        .with(sentry_tracing::layer())
        .init();
    // The exporter, with buckets: without them it would render summaries.
    let builder = retry_core::metrics::install_buckets(PrometheusBuilder::new())?;
    let metrics = builder.install_recorder()?;
    retry_core::metrics::describe();
    set_default_store(InMemoryEffectStore::new())?;

    let shop = Arc::new(Shop {
        stock: Dependency::default(),
        bank: Dependency::default(),
        printer: Dependency::default(),
        receipts: AtomicU32::new(0),
        metrics,
    });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let served = shop.clone();
    tokio::spawn(http::serve(listener, move |path| {
        served.clone().respond(path)
    }));

    bad_day(&shop, address).await?;

    println!("\n6. GET http://{address}/metrics, without the histograms' buckets:\n");
    let text = http::get(address, "/metrics").await?.body;
    let mut lines: Vec<_> = text.lines().filter(|line| is_shown(line)).collect();
    lines.sort_unstable();
    for line in lines {
        println!("   {line}");
    }
    check_metrics(&text);

    println!("\n7. What the error tracker has got: an event for each call that has used up its");
    println!("   attempts, and none for those that were ended before.\n");
    let events = tracker::reports(&tracker);
    for event in &events {
        println!("   {event:?}");
    }
    check_events(&events);
    Ok(())
}

/// Orders by the dozen, while the shop's dependencies fail.
async fn bad_day(shop: &Shop, address: SocketAddr) -> Result<(), Failure> {
    let order = |number: u32| async move {
        let response = http::get(address, &format!("/order/{number}")).await?;
        Ok::<_, io::Error>((response.status, response.body))
    };
    println!("1. All is well, but for one read in three:\n");
    for number in 1..=12 {
        shop.stock.fails(u32::from(number % 3 == 0));
        assert_eq!(order(number).await?, (200, format!("receipt {number}")));
    }

    println!("\n2. A client asks twice for order 7. It is paid once:\n");
    let again = order(7).await?;
    println!("   {again:?}");
    assert_eq!(again, (200, "receipt 7".to_owned()));

    println!("\n3. The stock does not answer; the printer jams, inside a step of its own:\n");
    shop.stock.fails(3);
    assert_eq!(order(13).await?.0, 503);
    shop.printer.fails(3);
    assert_eq!(order(14).await?.0, 503);

    println!(
        "\n4. The bank is down. Two calls use up their attempts, which opens the circuit; the"
    );
    println!("   others are turned away at once:\n");
    shop.bank.fails(u32::MAX);
    for number in 15..25 {
        let (status, body) = order(number).await?;
        assert_eq!(status, 503);
        if number == 24 {
            println!("   order 24: {body}");
        }
    }
    assert_eq!(BANK.state(), CircuitState::Open);

    println!(
        "\n5. It falters while it comes back: one call tries, and the budget keeps the rest from"
    );
    println!("   trying too often:\n");
    shop.bank.fails(0);
    while let Some(left) = BANK.retry_after() {
        tokio::time::sleep(left).await;
    }
    assert_eq!(order(25).await?.0, 200);
    for number in 26..42 {
        shop.bank.fails(1);
        order(number).await?;
    }
    shop.bank.fails(0);
    Ok(())
}

/// Whether a line of the exporter is shown to people.
fn is_shown(line: &str) -> bool {
    let ours = ["retry_", "circuit_", "effect_"];
    ours.iter().any(|prefix| line.starts_with(prefix)) && !line.contains("_bucket{")
}

/// The sum of a metric over all series that carry these labels.
fn sum(text: &str, name: &str, labels: &[&str]) -> f64 {
    let matching = text.lines().filter_map(|line| {
        let (series, value) = line.rsplit_once(' ')?;
        let (found, rest) = series.split_once('{').unwrap_or((series, ""));
        let all = labels.iter().all(|label| rest.contains(label));
        (found == name && all).then(|| value.parse::<f64>().expect("a number"))
    });
    matching.sum()
}

fn check_metrics(text: &str) {
    let payment = r#"operation="take_payment""#;
    let calls = |outcome: &str| sum(text, "retry_calls_total", &[payment, outcome]);
    // 41 orders; one failed at the stock, before its payment. A replay runs no retry loop, so it is
    // not counted.
    assert_eq!(calls(""), 40.0);
    assert_eq!(calls("attempts_exhausted"), 2.0);
    assert_eq!(calls("circuit_open"), 8.0);
    assert!(calls("success_retried") > 0.0 && calls(r#""budget""#) > 0.0);
    let refused = sum(text, "retry_budget_exhausted_total", &[payment]);
    assert_eq!(calls(r#""budget""#), refused);
    let attempts = |phase: &str| sum(text, "retry_attempts_total", &[payment, phase]);
    // Rejected calls made no attempt.
    assert_eq!(attempts("initial"), 32.0);
    let per_call = "retry_attempts_per_call_sum";
    let per_call = sum(text, per_call, &[payment]);
    assert_eq!(attempts("initial") + attempts("retry"), per_call);
    // The metric is a histogram, not a summary: it has buckets.
    let within_a_minute = [payment, r#"le="60""#];
    assert_eq!(
        sum(text, "retry_duration_seconds_bucket", &within_a_minute),
        sum(text, "retry_duration_seconds_count", &[payment])
    );

    let circuit = |name: &str, label: &str| sum(text, name, &[r#"circuit="bank""#, label]);
    assert_eq!(circuit("circuit_breaker_state", ""), 0.0);
    assert_eq!(circuit("circuit_breaker_calls_total", "rejected"), 8.0);
    for to in [r#"to="open""#, r#"to="half_open""#, r#"to="closed""#] {
        assert_eq!(circuit("circuit_breaker_transitions_total", to), 1.0);
    }
    assert_eq!(sum(text, "effect_claims_total", &[r#"result="won""#]), 40.0);
    assert_eq!(
        sum(text, "effect_replays_total", &[r#"store="memory""#]),
        1.0
    );
    assert_eq!(sum(text, "effect_claim_seconds_count", &[]), 41.0);
}

fn check_events(events: &[tracker::Report]) {
    let reports: Vec<_> = events
        .iter()
        .map(|event| (event.operation.as_str(), event.attempt, event.max_attempts))
        .collect();
    // The printer's call gave up inside `print_label`: one event, from the outer one.
    let expected = [
        ("read_stock", 3, 3),
        ("print_label", 1, 3),
        ("take_payment", 3, 3),
        ("take_payment", 3, 3),
    ];
    assert_eq!(reports, expected);
    for event in events {
        // The error with its chain, innermost first, as an error tracker stores it.
        assert_eq!(
            event.errors,
            ["connection refused", "no answer: connection refused"]
        );
        assert!(event.message.starts_with("Retry exhausted after"));
    }
}
