//! An async call that is dropped, wherever it waits, leaves no permit and no token behind.

use std::io;

use retry_core::testing::Script;
use retry_core::{AdaptiveLimiter, CircuitBreaker, CircuitState, RetryBudget, retry_api};
use tokio::time::advance;

use super::{SECOND, down, dropped_where_it_waits, is_about, refused, rejection};

struct Guards {
    budget: RetryBudget,
    breaker: CircuitBreaker,
    limiter: AdaptiveLimiter,
}

impl Guards {
    fn new() -> Self {
        Self {
            budget: RetryBudget::new(0.0).with_burst(1).with_floor(0),
            breaker: CircuitBreaker::new("dropped").with_failure_threshold(2),
            limiter: AdaptiveLimiter::new(),
        }
    }

    fn are_untouched(&self) -> bool {
        is_about(self.budget.tokens(), 1.0) && self.breaker.state() == CircuitState::Closed
    }

    /// Half open, with its one permit free.
    async fn open_and_wait(&self) {
        for _ in 0..2 {
            self.breaker.try_acquire().expect("closed").fail();
        }
        advance(67 * SECOND).await;
    }
}

#[retry_api(
    min_wait = "1s",
    budget = guards.budget,
    circuit_breaker = guards.breaker,
    adaptive = guards.limiter,
    time_budget = "1h"
)]
async fn call(guards: &Guards, script: &Script<u32, io::Error>, hangs: bool) -> io::Result<u32> {
    if hangs {
        std::future::pending::<()>().await;
    }
    script.next()
}

#[retry_api(max_attempts = 1, adaptive = guards.limiter)]
async fn throttled(guards: &Guards) -> Result<(), &'static str> {
    Err("429 too many requests")
}

#[tokio::test(start_paused = true)]
async fn in_its_attempt() {
    let (guards, script) = (Guards::new(), down());
    dropped_where_it_waits(call(&guards, &script, true));
    assert!(guards.are_untouched());

    guards.open_and_wait().await;
    dropped_where_it_waits(call(&guards, &script, true));
    assert_eq!(guards.breaker.state(), CircuitState::HalfOpen);
    assert!(guards.breaker.try_acquire().is_ok(), "the permit was free");
}

#[tokio::test(start_paused = true)]
async fn in_its_wait() {
    let (guards, script) = (Guards::new(), down());
    dropped_where_it_waits(call(&guards, &script, false));
    assert_eq!(script.attempts(), 1);
    assert!(guards.are_untouched());
    // The failure was heard: with the next one it opens.
    guards.breaker.try_acquire().expect("closed").fail();
    assert_eq!(guards.breaker.state(), CircuitState::Open);
}

#[tokio::test(start_paused = true)]
async fn while_it_waits_for_the_limiter() {
    let (guards, script) = (Guards::new(), Script::new([Err(refused())]));
    guards.open_and_wait().await;
    for _ in 0..3 {
        assert!(throttled(&guards).await.is_err());
    }
    dropped_where_it_waits(call(&guards, &script, false));
    assert_eq!(script.attempts(), 0, "it waited for the limiter");
    assert_eq!(guards.breaker.state(), CircuitState::HalfOpen);
    assert!(is_about(guards.budget.tokens(), 1.0));
    let error = call(&guards, &script, false).await.unwrap_err();
    assert!(rejection(&error).is_none(), "the permit was free: {error}");
}

#[retry_api(
    max_attempts = 1,
    circuit_breaker = guards.breaker,
    hedge(after = "1s", safe = true)
)]
async fn hedged(guards: &Guards, key: String) -> io::Result<u32> {
    let _lent = &key;
    std::future::pending().await
}

#[tokio::test(start_paused = true)]
async fn while_its_copies_run() {
    let guards = Guards::new();
    guards.open_and_wait().await;
    let cut = tokio::time::timeout(5 * SECOND, hedged(&guards, "a".to_owned()));
    assert!(cut.await.is_err());
    assert!(guards.breaker.try_acquire().is_ok(), "the permit was free");
}
