//! `circuit_breaker`: what opens it, whom it rejects, and what they get.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use retry_core::testing::{Recorder, Script, VirtualClock, no_wait};
use retry_core::{CircuitBreaker, CircuitState, RetryError, retry_api, retry_worker};
use retry_tests::sendable;

use super::{SECOND, down, refused, rejection};

#[retry_api(max_attempts = 1, circuit_breaker)]
fn by_word(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[retry_api(max_attempts = 1, circuit_breaker())]
fn by_nothing(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[retry_api(max_attempts = 1, circuit_breaker = true)]
fn by_switch(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[test]
fn five_failures_in_a_row_open_it_for_a_minute() {
    for (call, name) in [
        (by_word as fn(&_) -> io::Result<u32>, "by_word"),
        (by_nothing, "by_nothing"),
        (by_switch, "by_switch"),
    ] {
        let (clock, script) = (VirtualClock::install(), down());
        for _ in 0..7 {
            assert!(call(&script).is_err());
        }
        assert_eq!(script.attempts(), 5);
        let error = call(&script).unwrap_err();
        let Some(RetryError::CircuitOpen {
            operation,
            circuit,
            retry_after: Some(wait),
            ..
        }) = rejection(&error)
        else {
            panic!("{error:?}");
        };
        assert_eq!((*operation, circuit.as_str()), (name, name));
        assert!((54 * SECOND..=67 * SECOND).contains(wait), "{wait:?}");
        clock.advance(*wait);
        assert!(rejection(&call(&script).unwrap_err()).is_none());
        assert_eq!(script.attempts(), 6);
    }
}

const THRESHOLD: u32 = 2;

#[retry_api(
    max_attempts = 1,
    circuit_breaker(
        name = "guards_in_a_row",
        failure_threshold = THRESHOLD,
        recovery_timeout = "10s",
        half_open_permits = 2,
        success_threshold = 2,
    )
)]
async fn in_a_row(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[tokio::test(start_paused = true)]
async fn its_numbers_are_what_the_list_says() {
    let script = Script::new([Err(refused()), Err(refused()), Ok(1), Ok(2), Err(refused())]);
    for _ in 0..2 {
        assert!(sendable(in_a_row(&script)).await.is_err());
    }
    let breaker = CircuitBreaker::find("guards_in_a_row").expect("asked for by now");
    assert_eq!(breaker.state(), CircuitState::Open);
    assert!(breaker.retry_after() <= Some(11 * SECOND));
    tokio::time::advance(11 * SECOND).await;
    assert!(in_a_row(&script).await.is_ok());
    assert_eq!(
        breaker.state(),
        CircuitState::HalfOpen,
        "two successes close it"
    );
    assert!(in_a_row(&script).await.is_ok());
    assert_eq!(breaker.state(), CircuitState::Closed);
}

#[retry_worker(
    max_attempts = 1,
    circuit_breaker(
        window = 4,
        failure_rate = 0.75,
        minimum_calls = 2,
        name = "guards_window"
    )
)]
fn in_a_window(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[test]
fn a_window_of_calls_has_a_rate() {
    let script = Script::new([Ok(1), Err(refused()), Err(refused()), Err(refused()), Ok(2)]);
    let calls: Vec<bool> = (0..5).map(|_| in_a_window(&script).is_ok()).collect();
    assert_eq!(calls, [true, false, false, false, false]);
    assert_eq!(script.attempts(), 4);
    let breaker = CircuitBreaker::find("guards_window").expect("asked for by now");
    assert_eq!(breaker.state(), CircuitState::Open);
}

#[retry_worker(
    max_attempts = 1,
    circuit_breaker(
        window = "30s",
        slow_call = "2s",
        slow_call_rate = 0.5,
        minimum_calls = 2,
        failure_rate = 1,
    )
)]
async fn slow(script: &Script<u32, io::Error>) -> io::Result<u32> {
    tokio::time::sleep(3 * SECOND).await;
    script.next()
}

#[tokio::test(start_paused = true)]
async fn slow_calls_open_it_too() {
    let script = Script::new([Ok(1), Ok(2), Ok(3)]);
    assert!(sendable(slow(&script)).await.is_ok());
    assert!(slow(&script).await.is_ok());
    assert!(rejection(&slow(&script).await.unwrap_err()).is_some());
    assert_eq!(script.attempts(), 2);
}

#[retry_api(max_attempts = 1, circuit_breaker = "guards_shared")]
fn first_of_a_name(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[retry_worker(max_attempts = 1, circuit_breaker = "guards_shared")]
async fn second_of_a_name(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[tokio::test(start_paused = true)]
async fn a_name_is_shared() {
    let script = down();
    assert!(first_of_a_name(&script).is_err());
    let breaker = CircuitBreaker::find("guards_shared").expect("asked for by now");
    breaker.force_open();
    assert!(rejection(&first_of_a_name(&script).unwrap_err()).is_some());
    assert!(rejection(&second_of_a_name(&script).await.unwrap_err()).is_some());
    breaker.reset();
    assert!(rejection(&second_of_a_name(&script).await.unwrap_err()).is_none());
}

static BANK: CircuitBreaker = CircuitBreaker::new("bank").with_failure_threshold(2);

#[retry_api(circuit_breaker = BANK, min_wait = "1s")]
async fn by_static(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_would_be_rejected_is_not_made() {
    let (recorder, script) = (Recorder::install(), down());
    let error = sendable(by_static(&script)).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    assert_eq!(script.attempts(), 2);
    let last = recorder.messages().pop().expect("told of");
    assert!(
        last.starts_with("WARN Retry stopped on attempt 2/4 for by_static (circuit open): "),
        "{last}"
    );
    let error = by_static(&script).await.unwrap_err();
    assert!(
        error.to_string().contains("circuit bank is open for"),
        "{error}"
    );
    assert_eq!(script.attempts(), 2);
}

struct Client {
    script: Script<u32, io::Error>,
    breaker: Arc<CircuitBreaker>,
    calls: Vec<String>,
}

impl Client {
    fn new() -> Self {
        let breaker = CircuitBreaker::new("client").with_failure_threshold(3);
        Self {
            script: down(),
            breaker: Arc::new(breaker),
            calls: Vec::new(),
        }
    }

    #[retry_api(circuit_breaker = self.breaker, timeout = "1s")]
    async fn shared(&self) -> io::Result<u32> {
        self.script.next()
    }

    #[retry_api(circuit_breaker = Arc::clone(&self.breaker))]
    async fn exclusive(&mut self, key: String) -> io::Result<u32> {
        self.calls.push(key);
        self.script.next()
    }

    #[retry_api(circuit_breaker = self.breaker.clone())]
    fn exclusive_sync<T: Into<String> + Clone>(&mut self, key: T) -> io::Result<u32> {
        self.calls.push(key.into());
        self.script.next()
    }
}

#[async_trait]
trait Calls {
    async fn boxed(&mut self, key: String) -> io::Result<u32>;
}

#[async_trait]
impl Calls for Client {
    #[retry_worker(circuit_breaker = self.breaker.clone())]
    async fn boxed(&mut self, key: String) -> io::Result<u32> {
        self.calls.push(key);
        self.script.next()
    }
}

#[tokio::test(start_paused = true)]
async fn on_methods() {
    for method in 0..4 {
        let _no_wait = no_wait();
        let mut client = Client::new();
        for _ in 0..2 {
            let outcome = match method {
                0 => sendable(client.shared()).await,
                1 => sendable(client.exclusive("a".to_owned())).await,
                2 => client.exclusive_sync("a"),
                _ => sendable(client.boxed("a".to_owned())).await,
            };
            assert!(outcome.is_err());
        }
        assert_eq!(client.script.attempts(), 3, "{method}");
        assert_eq!(client.breaker.state(), CircuitState::Open);
    }
}

#[retry_api(circuit_breaker = breaker, max_attempts = 1, timeout = "1s")]
async fn cut_alone(breaker: &CircuitBreaker) -> io::Result<()> {
    std::future::pending().await
}

#[retry_api(circuit_breaker = breaker, max_attempts = 1, max_total_time = "1s")]
async fn cut_with_the_call(breaker: &CircuitBreaker) -> io::Result<()> {
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn attempts_that_a_limit_cuts_are_failures() {
    for by_call in [false, true] {
        let breaker = CircuitBreaker::new("cut").with_failure_threshold(1);
        let error = if by_call {
            sendable(cut_with_the_call(&breaker)).await.unwrap_err()
        } else {
            sendable(cut_alone(&breaker)).await.unwrap_err()
        };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert_eq!(breaker.state(), CircuitState::Open);
    }
}

#[retry_api(circuit_breaker = breaker, max_attempts = 1)]
fn finally(breaker: &CircuitBreaker) -> io::Result<()> {
    Err(io::ErrorKind::NotFound.into())
}

#[test]
fn final_errors_are_answers() {
    let breaker = CircuitBreaker::new("answers").with_failure_threshold(1);
    for _ in 0..3 {
        assert_eq!(
            finally(&breaker).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
    }
    assert_eq!(breaker.state(), CircuitState::Closed);
}

/// An error of the function's own that can hold the breaker's word.
#[derive(Debug, thiserror::Error)]
enum ApiError {
    #[error("down")]
    Down,
    #[error("{0}")]
    Retry(#[from] RetryError),
}

#[tracing::instrument(skip_all, err(Debug))]
#[retry_api(circuit_breaker = breaker, max_attempts = 1, retry_if = |_| true)]
async fn instrumented(breaker: &CircuitBreaker) -> Result<impl Iterator<Item = u32>, ApiError> {
    if true {
        return Err(ApiError::Down);
    }
    Ok([1].into_iter())
}

#[tokio::test(start_paused = true)]
async fn errors_and_results_of_other_kinds() {
    let breaker = CircuitBreaker::new("kinds").with_failure_threshold(1);
    let error = sendable(instrumented(&breaker))
        .await
        .map(drop)
        .unwrap_err();
    assert!(matches!(error, ApiError::Down));
    let error = instrumented(&breaker).await.map(drop).unwrap_err();
    let rejected = matches!(error, ApiError::Retry(RetryError::CircuitOpen { .. }));
    assert!(rejected, "{error}");
}
