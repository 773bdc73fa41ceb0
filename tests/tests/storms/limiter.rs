use std::time::Duration;

use retry_core::testing::VirtualClock;
use retry_core::{AdaptiveLimiter, NO_RETRY, Retry};
use tokio::time::Instant;

use super::SECOND;

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
