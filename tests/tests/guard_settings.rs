//! Variables tune the guards that an attribute asked for. Installed settings are the process's, so
//! this program has one test.

use std::cell::Cell;
use std::io;

use retry_core::testing::VirtualClock;
use retry_core::{
    CircuitBreaker, CircuitState, RetryBudget, RetrySettings, retry_api, retry_worker,
};
use retry_tests::refused;
use tokio::time::Instant;

#[retry_api(budget = true)]
fn by_class(attempts: &Cell<u32>) -> io::Result<()> {
    attempts.set(attempts.get() + 1);
    Err(refused())
}

#[retry_api(budget(ratio = 0.5, burst = 9))]
fn by_attribute(attempts: &Cell<u32>) -> io::Result<()> {
    attempts.set(attempts.get() + 1);
    Err(refused())
}

#[retry_api(budget = "tuned", name = "charge card")]
fn by_operation(attempts: &Cell<u32>) -> io::Result<()> {
    attempts.set(attempts.get() + 1);
    Err(refused())
}

#[retry_worker(
    max_attempts = 1,
    circuit_breaker(failure_threshold = 4, name = "tuned")
)]
fn broken() -> io::Result<()> {
    Err(refused())
}

#[retry_worker(max_attempts = 9, time_budget = "1h")]
fn spending(attempts: &Cell<u32>) -> io::Result<()> {
    attempts.set(attempts.get() + 1);
    Err(refused())
}

#[retry_api(max_attempts = 1, hedge(after = "95ms", safe = true))]
async fn hedged(copies: &std::sync::atomic::AtomicU32) -> io::Result<()> {
    if copies.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0 {
        std::future::pending::<()>().await;
    }
    Ok(())
}

fn attempts(call: fn(&Cell<u32>) -> io::Result<()>, times: u32) -> u32 {
    let attempts = Cell::new(0);
    for _ in 0..times {
        assert!(call(&attempts).is_err());
    }
    attempts.get()
}

#[test]
fn variables_tune_what_the_attribute_asked_for() {
    let variables = [
        ("RETRY__API_BUDGET", "0"),
        ("RETRY__API_BUDGET_BURST", "2"),
        ("RETRY__API_BUDGET_FLOOR", "0"),
        ("RETRY__OP__CHARGE_CARD__BUDGET_BURST", "3"),
        ("RETRY__WORKER_CIRCUIT_FAILURE_THRESHOLD", "9"),
        ("RETRY__WORKER_CIRCUIT_RECOVERY_TIMEOUT", "10m"),
        ("RETRY__OP__BROKEN__CIRCUIT_FAILURE_THRESHOLD", "2"),
        ("RETRY__OP__SPENDING__TIME_BUDGET", "1ms"),
        ("RETRY__OP__HEDGED__HEDGE_AFTER", "3s"),
    ];
    RetrySettings::from_vars(variables)
        .expect("good variables")
        .install();

    let clock = VirtualClock::install();
    assert_eq!(attempts(by_class, 3), 3 + 2, "the class says two tokens");
    // The attribute wins over the class, and takes of it what it does not say: no floor. The first
    // call's half a token finds the bucket full.
    assert_eq!(attempts(by_attribute, 5), 5 + 9 + 2);
    assert_eq!(attempts(by_operation, 3), 3 + 3, "the operator wins");
    assert_eq!(RetryBudget::find("tuned").map(RetryBudget::burst), Ok(3));
    assert_eq!(attempts(spending, 1), 1);

    for _ in 0..2 {
        assert!(broken().is_err());
    }
    let breaker = CircuitBreaker::find("tuned").expect("asked for by now");
    assert_eq!(breaker.state(), CircuitState::Open);
    let wait = breaker.retry_after().expect("open").as_secs();
    assert!((539..=661).contains(&wait), "{wait}");
    drop(clock);

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let began = Instant::now();
        assert!(hedged(&0.into()).await.is_ok());
        assert_eq!(began.elapsed().as_secs(), 3);
    });
}
