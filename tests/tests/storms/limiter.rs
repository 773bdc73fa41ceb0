use std::time::Duration;

use retry_core::testing::VirtualClock;
use retry_core::{AdaptiveLimiter, CircuitBreaker, CircuitState, NO_RETRY, Retry, RetryBudget};
use tokio::time::Instant;

use super::{POLICY, SECOND};

#[test]
fn it_is_off_until_the_other_side_says_too_many() {
    let clock = VirtualClock::install();
    let limiter = AdaptiveLimiter::new();
    for _ in 0..1_000 {
        let _ = Retry::new(NO_RETRY)
            .adaptive(&limiter)
            .run(|| Err::<(), _>("connection refused"));
    }
    assert_eq!((clock.slept().len(), limiter.rate()), (0, None));
    let throttled = || {
        Retry::new(NO_RETRY)
            .adaptive(&limiter)
            .run(|| Err::<(), _>("429 too many requests"))
    };
    assert!(throttled().is_err());
    assert!(limiter.is_throttling());
    for _ in 0..5 {
        let _ = throttled();
    }
    assert!(!clock.slept().is_empty(), "attempts wait for the rate");
}

#[tokio::test(start_paused = true)]
async fn an_async_call_waits_and_a_time_limit_bounds_that() {
    let limiter = AdaptiveLimiter::new();
    let call = || {
        Retry::new(NO_RETRY)
            .adaptive(&limiter)
            .max_total_time(SECOND / 4)
            .run_async(|| async { Err::<(), _>("slow down".to_owned()) })
    };
    let mut cut = 0;
    for _ in 0..20 {
        let began = Instant::now();
        let error = call().await.unwrap_err();
        assert!(began.elapsed() <= SECOND / 4 + Duration::from_millis(2));
        cut += u32::from(error.contains("ran out"));
    }
    assert!(cut > 0, "half an attempt a second is too slow for some");
}

/// A limiter that lets half an attempt a second go, and has just let one.
async fn throttled() -> AdaptiveLimiter {
    let limiter = AdaptiveLimiter::new();
    for _ in 0..3 {
        let throttled = Retry::new(NO_RETRY)
            .adaptive(&limiter)
            .run_async(|| async { Err::<(), _>("slow down") });
        assert!(throttled.await.is_err());
    }
    limiter
}

#[tokio::test(start_paused = true)]
async fn time_that_ran_out_in_the_limiter_says_nothing_of_the_other_side() {
    let limiter = throttled().await;
    let breaker = CircuitBreaker::new("waited for").with_failure_threshold(1);
    let attempts = std::cell::Cell::new(0);
    let call = Retry::new(NO_RETRY)
        .adaptive(&limiter)
        .circuit_breaker(&breaker)
        .max_total_time(SECOND / 10)
        .run_async(|| async {
            attempts.set(attempts.get() + 1);
            Ok::<_, String>(())
        });
    assert!(call.await.unwrap_err().contains("ran out"));
    assert_eq!((attempts.get(), breaker.state()), (0, CircuitState::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_retry_that_never_begins_is_not_paid_for() {
    for dropped in [true, false] {
        let limiter = throttled().await;
        let budget = RetryBudget::new(0.0).with_burst(5).with_floor(0);
        let call = Retry::new(POLICY)
            .adaptive(&limiter)
            .budget(&budget)
            .max_total_time(4 * SECOND)
            .run_async(|| async { Err::<(), _>("slow down".to_owned()) });
        if dropped {
            // Past the first attempt and its wait, and waiting for the limiter.
            let _ = tokio::time::timeout(SECOND * 7 / 2, call).await;
        } else {
            assert!(call.await.is_err());
        }
        let left = budget.tokens();
        assert!((left - 5.0).abs() < 1e-9, "dropped {dropped}: {left}");
    }
}

#[test]
fn a_sync_call_waits_for_the_limiter_past_its_limit() {
    let clock = VirtualClock::install();
    let limiter = AdaptiveLimiter::new();
    for _ in 0..6 {
        let outcome = Retry::new(NO_RETRY)
            .adaptive(&limiter)
            .max_total_time(SECOND / 10)
            .run(|| Err::<(), _>("slow down"));
        assert_eq!(outcome, Err("slow down"));
    }
    let waited: Duration = clock.slept().iter().sum();
    assert!(waited >= 6 * SECOND, "half an attempt a second: {waited:?}");
}
