//! Annotated functions under the strictest lints: what is not said of the function as it was
//! written is not said of its expansion either.

#![deny(
    warnings,
    clippy::all,
    clippy::pedantic,
    missing_docs,
    unused_qualifications
)]
#![deny(
    unreachable_pub,
    elided_lifetimes_in_paths,
    unused_lifetimes,
    single_use_lifetimes
)]
#![deny(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::shadow_unrelated
)]
#![deny(
    let_underscore_drop,
    unused_results,
    trivial_casts,
    variant_size_differences
)]

use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use retry_core::testing::{Script, no_wait};
use retry_core::{
    CircuitBreaker, RetryBudget, retry_api, retry_scheduler, retry_storage, retry_worker,
};
use retry_effects::{InMemoryEffectStore, Probe};
use retry_tests::{busy_once, sendable};

fn consume(text: String) -> usize {
    text.into_bytes().len()
}

#[retry_worker]
async fn consuming(script: &Script<u32, io::Error>, key: String) -> io::Result<usize> {
    let _seven = script.next()?;
    tokio::task::yield_now().await;
    Ok(consume(key))
}

#[retry_worker]
fn consuming_sync(script: &Script<u32, io::Error>, mut key: String) -> io::Result<usize> {
    key.push('!');
    let _seven = script.next()?;
    Ok(consume(key))
}

#[retry_storage(max_attempts = 3, min_wait = "1ms", backoff = "linear", attempt = n, timeout = "1s")]
async fn configured(
    script: &Script<u32, io::Error>,
    rows: &mut Vec<u32>,
    (first, _): (String, u32),
    name: Cow<'_, str>,
) -> io::Result<u32> {
    rows.push(n);
    if first == name {
        return Ok(0);
    }
    let seven = script.next()?;
    drop((first, name));
    Ok(seven)
}

#[retry_storage(
    retry_if = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused,
    on_retry = |event| log.push(event.attempt()),
    retry_on_ok = |value| *value == 0,
    max_wait = wait,
    max_total_time = "1m",
)]
fn configured_sync(
    script: &Script<u32, io::Error>,
    log: &mut Vec<u32>,
    wait: Duration,
) -> io::Result<u32> {
    script.next()
}

#[retry_worker]
#[expect(dead_code, reason = "only its lints count")]
#[expect(
    clippy::unused_async,
    reason = "a trait of the caller's wants a future"
)]
async fn expected(
    script: &Script<u32, io::Error>,
    #[expect(clippy::needless_pass_by_value, reason = "as above")] key: String,
) -> io::Result<usize> {
    let _seven = script.next()?;
    Ok(key.len())
}

#[retry_worker]
#[expect(dead_code, unused_variables, clippy::needless_pass_by_value)]
#[expect(clippy::unnecessary_wraps)]
fn expected_sync(key: String, other: String) -> io::Result<usize> {
    Ok(key.len())
}

/// A struct with methods.
struct Client {
    script: Script<u32, io::Error>,
    calls: u32,
}

impl Client {
    /// Lends.
    ///
    /// # Errors
    ///
    /// When the script says so.
    #[retry_api]
    async fn ask<'a>(&'a self, text: &'a str) -> io::Result<&'a str> {
        let _seven = self.script.next()?;
        Ok(text)
    }

    #[retry_scheduler]
    #[must_use = "it may fail"]
    async fn count(&mut self) -> io::Result<()> {
        self.calls += 1;
        let _seven = self.script.next()?;
        Ok(())
    }

    #[retry_scheduler(policy = "NODUS_SCHEDULED_DEFAULT")]
    fn count_sync(&mut self) -> Result<(), Box<dyn std::error::Error>> {
        self.calls += 1;
        if self.calls > 9 {
            return Err("too many".into());
        }
        let _seven = self.script.next()?;
        Ok(())
    }
}

#[async_trait]
trait Asks {
    async fn ask_boxed(&mut self, text: String) -> io::Result<usize>;
}

#[async_trait]
impl Asks for Client {
    #[retry_api]
    async fn ask_boxed(&mut self, text: String) -> io::Result<usize> {
        let _seven = self.script.next()?;
        Ok(consume(text))
    }
}

#[retry_worker]
#[tracing::instrument(skip(script), err)]
async fn instrumented(script: &Script<u32, io::Error>, key: String) -> io::Result<usize> {
    let _seven = script.next()?;
    Ok(consume(key))
}

#[retry_worker]
async fn generic<T>(
    script: &Script<T, io::Error>,
    with: impl FnOnce(T) -> T + Clone,
) -> io::Result<T> {
    Ok(with(script.next()?))
}

/// Pays once.
#[retry_api(
    idempotent = true,
    key(order_id),
    skip(script),
    scope = &tenant,
    store = store,
    lease = "10s",
    retain = "1h",
    probe = |_, _, order, _, _| {
        assert_eq!(*order, 1);
        async { Probe::NotApplied }
    },
    on_busy = "fail",
    replay_errors = true,
    timeout = "1s",
    retry_if = |error: &String| error.contains("busy"),
)]
async fn gated(
    script: &Script<u32, String>,
    store: Arc<InMemoryEffectStore>,
    order_id: u64,
    tenant: String,
    (cents, _): (u32, String),
) -> Result<u32, String> {
    let seven = script.next()?;
    drop((store, tenant));
    Ok(seven + cents)
}

#[retry_api(idempotent = true, skip(script), in_doubt = "reexecute", store = store)]
fn gated_sync(
    script: &Script<u32, io::Error>,
    store: &Arc<InMemoryEffectStore>,
    key: String,
) -> io::Result<usize> {
    let _seven = script.next()?;
    Ok(consume(key))
}

#[retry_api(idempotent = true, skip(script), probe = ask, store = store)]
fn probed_sync(
    script: &Script<u32, io::Error>,
    store: &Arc<InMemoryEffectStore>,
    key: String,
) -> io::Result<()> {
    let _seven = script.next()?;
    let _length = consume(key);
    Ok(())
}

fn is_to_be_retried(outcome: &io::Result<u32>) -> bool {
    outcome.as_ref().map_or(true, |value| *value == 0)
}

/// Judged as a whole, beside all that sees the judgement.
#[retry_api(
    judge = |outcome| match outcome {
        Ok(value) => *value == 0,
        Err(error) => error.kind() != io::ErrorKind::NotFound,
    },
    circuit_breaker,
    adaptive,
    timeout = "1s",
    hedge(after = "95ms", safe = true)
)]
async fn judged(script: &Script<u32, io::Error>, key: String) -> io::Result<u32> {
    let seven = script.next()?;
    tokio::task::yield_now().await;
    drop(key);
    Ok(seven)
}

#[retry_api(judge = is_to_be_retried)]
fn judged_sync(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[retry_api(
    idempotent = true,
    key(key),
    skip(script),
    judge = is_to_be_retried,
    probe = || Probe::Applied(8),
    store = store
)]
fn judged_once(
    script: &Script<u32, io::Error>,
    store: &Arc<InMemoryEffectStore>,
    key: &str,
) -> io::Result<u32> {
    assert!(!key.is_empty(), "a key");
    script.next()
}

fn ask(
    _script: &Script<u32, io::Error>,
    _store: &Arc<InMemoryEffectStore>,
    _key: &str,
) -> Probe<()> {
    Probe::Applied(())
}

/// Guarded on all sides.
#[retry_api(
    budget(ratio = 0.5, burst = 2),
    circuit_breaker(window = 100, failure_rate = 0.5, minimum_calls = 20),
    adaptive = true,
    time_budget = "1m",
    timeout = "1s",
    hedge(after = "95ms", max = 2, safe = true)
)]
async fn guarded(
    script: &Script<u32, io::Error>,
    key: String,
    (more, _): (u32, String),
) -> io::Result<usize> {
    let _seven = script.next()?;
    tokio::task::yield_now().await;
    Ok(consume(key) + usize::from(more > 0))
}

/// The same with guards that are lent.
#[retry_api(budget = budget, circuit_breaker = breaker, time_budget = Duration::from_secs(9))]
fn guarded_sync(
    script: &Script<u32, io::Error>,
    budget: &RetryBudget,
    breaker: &CircuitBreaker,
) -> io::Result<u32> {
    script.next()
}

impl Client {
    #[retry_api(
        idempotent = true,
        name = "guarded_once",
        circuit_breaker,
        adaptive = true
    )]
    async fn guarded_once(&mut self, text: &str) -> io::Result<usize> {
        self.calls += 1;
        let _seven = self.script.next()?;
        Ok(text.len())
    }

    #[retry_api(idempotent = true, name = "gated_once", key = text.len())]
    async fn gated_once(&mut self, text: &str) -> io::Result<usize> {
        self.calls += 1;
        let _seven = self.script.next()?;
        Ok(text.len())
    }
}

#[tokio::test(start_paused = true)]
async fn lints_are_silent_at_the_gate() -> Result<(), Box<dyn std::error::Error>> {
    let store = Arc::new(InMemoryEffectStore::new());
    let script = Script::new([Err("busy".to_owned()), Ok(7)]);
    for _ in 0..2 {
        let pair = (1, "n".to_owned());
        let call = gated(&script, Arc::clone(&store), 1, "t".to_owned(), pair);
        assert_eq!(sendable(call).await?, 8);
    }
    let mut client = Client {
        script: busy_once(),
        calls: 0,
    };
    for _ in 0..2 {
        assert_eq!(sendable(client.gated_once("ab")).await?, 2);
    }
    assert_eq!(client.calls, 2);
    let (_no_wait, busy) = (no_wait(), busy_once());
    for _ in 0..2 {
        assert_eq!(gated_sync(&busy, &store, "k".to_owned())?, 1);
    }
    let empty = Script::new([Ok(0)]);
    for _ in 0..2 {
        assert_eq!(judged_once(&empty, &store, "k")?, 8);
    }
    let unknown = Script::new([Err(io::ErrorKind::TimedOut.into())]);
    for _ in 0..2 {
        probed_sync(&unknown, &store, "k".to_owned())?;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn lints_are_silent_under_guards() -> Result<(), Box<dyn std::error::Error>> {
    let (script, pair) = (busy_once(), (1, "n".to_owned()));
    let call = guarded(&script, "k".to_owned(), pair);
    assert_eq!(sendable(call).await?, 2);
    let mut client = Client {
        script: busy_once(),
        calls: 0,
    };
    assert_eq!(sendable(client.guarded_once("ab")).await?, 2);
    let busy = busy_once();
    assert_eq!(sendable(judged(&busy, "k".to_owned())).await?, 7);
    let (_no_wait, budget) = (no_wait(), RetryBudget::new(0.1));
    assert_eq!(judged_sync(&Script::new([Ok(0), Ok(7)]))?, 7);
    let breaker = CircuitBreaker::new("pedantic");
    assert_eq!(guarded_sync(&busy_once(), &budget, &breaker)?, 7);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn lints_are_silent() -> Result<(), Box<dyn std::error::Error>> {
    assert_eq!(sendable(consuming(&busy_once(), "k".to_owned())).await?, 1);
    let (script, mut rows, pair) = (busy_once(), Vec::new(), ("f".to_owned(), 1));
    let configured = configured(&script, &mut rows, pair, "n".into());
    assert_eq!(sendable(configured).await?, 7);
    assert_eq!(rows, [1, 2]);
    let mut client = Client {
        script: busy_once(),
        calls: 0,
    };
    assert_eq!(sendable(client.ask("t")).await?, "t");
    client.script = busy_once();
    sendable(client.count()).await?;
    client.script = busy_once();
    assert_eq!(sendable(client.ask_boxed("t".to_owned())).await?, 1);
    assert_eq!(
        sendable(instrumented(&busy_once(), "k".to_owned())).await?,
        1
    );
    assert_eq!(generic(&busy_once(), |seven| seven + 1).await?, 8);
    Ok(())
}

#[test]
fn lints_are_silent_sync() -> Result<(), Box<dyn std::error::Error>> {
    let (_no_wait, mut log) = (no_wait(), Vec::new());
    assert_eq!(consuming_sync(&busy_once(), "k".to_owned())?, 2);
    assert_eq!(configured_sync(&busy_once(), &mut log, Duration::ZERO)?, 7);
    assert_eq!(log, [1]);
    let mut client = Client {
        script: busy_once(),
        calls: 0,
    };
    client.count_sync()?;
    assert_eq!(client.calls, 2);
    Ok(())
}
