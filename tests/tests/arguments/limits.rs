//! `timeout` and `max_total_time`.

use std::io;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::Duration;

use retry_core::testing::{Recorder, Script, VirtualClock};
use retry_core::{RetryError, retry_api};
use retry_tests::sendable;
use tokio::time::{Instant, sleep};

const SECOND: Duration = Duration::from_secs(1);

/// Counts how often it is dropped.
struct Dropped<'a>(&'a AtomicU32);

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Relaxed);
    }
}

#[retry_api(timeout = "1s", jitter = "none", attempt = n)]
async fn slow_once(dropped: &AtomicU32) -> Result<u32, RetryError> {
    let _dropped = Dropped(dropped);
    if n == 1 {
        sleep(5 * SECOND).await;
    }
    Ok(n)
}

#[retry_api(timeout = SECOND * limit, max_attempts = 2, jitter = "none")]
async fn always_slow(limit: u32) -> Result<u32, String> {
    sleep(500 * SECOND).await;
    Ok(0)
}

#[retry_api(max_total_time = "10s", max_attempts = "unlimited", jitter = "none")]
async fn within(script: &Script<u32, RetryError>) -> Result<u32, RetryError> {
    sleep(SECOND).await;
    script.next()
}

#[retry_api(
    max_total_time = "10s",
    timeout = "4s",
    max_attempts = "unlimited",
    min_wait = 0,
    jitter = "none"
)]
async fn both() -> Result<u32, RetryError> {
    sleep(500 * SECOND).await;
    Ok(0)
}

#[retry_api(max_total_time = SECOND * 10, max_attempts = "unlimited", jitter = "none")]
fn within_sync(clock: &VirtualClock, attempts: &mut u32) -> io::Result<u32> {
    *attempts += 1;
    clock.advance(SECOND);
    Err(io::ErrorKind::ResourceBusy.into())
}

#[tokio::test(start_paused = true)]
async fn an_attempt_is_cut_and_tried_again() {
    let (began, dropped) = (Instant::now(), AtomicU32::new(0));
    assert_eq!(sendable(slow_once(&dropped)).await.ok(), Some(2));
    assert_eq!(dropped.load(Relaxed), 2);
    // One second for the attempt, one of wait.
    assert_eq!(began.elapsed(), 2 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn the_last_attempts_timeout_is_the_callers_error() {
    let recorder = Recorder::install();
    let error = sendable(always_slow(3)).await.expect_err("it is slow");
    let timeout = RetryError::AttemptTimeout {
        operation: "always_slow",
        attempt: 2,
        timeout: 3 * SECOND,
    };
    assert_eq!(error, timeout.to_string());
    assert_eq!(
        recorder.messages().pop(),
        Some(format!(
            "ERROR Retry exhausted after 2/2 attempts for always_slow: {timeout}"
        ))
    );
}

#[tokio::test(start_paused = true)]
async fn the_whole_call_is_bounded() {
    let (began, script) = (
        Instant::now(),
        Script::new(std::iter::repeat_with(failure).take(9)),
    );
    let outcome = sendable(within(&script)).await;
    // Attempts end after 1, 3, 6 s; the next wait of 4 s leaves no time for another attempt.
    assert!(
        matches!(outcome, Err(RetryError::AttemptTimeout { attempt: 99, .. })),
        "{outcome:?}"
    );
    assert_eq!((script.attempts(), began.elapsed()), (3, 6 * SECOND));
}

/// An error of the attempt's own, which is tried again.
fn failure() -> Result<u32, RetryError> {
    Err(RetryError::AttemptTimeout {
        operation: "inner",
        attempt: 99,
        timeout: SECOND,
    })
}

#[tokio::test(start_paused = true)]
async fn what_is_left_of_the_call_bounds_an_attempt() {
    let began = Instant::now();
    let outcome = sendable(both()).await;
    assert!(
        matches!(outcome, Err(RetryError::TimeLimit { attempt: 3, limit, .. }) if limit == 10 * SECOND),
        "{outcome:?}"
    );
    assert_eq!(began.elapsed(), 10 * SECOND);
}

#[test]
fn the_whole_call_is_bounded_sync() {
    let (clock, mut attempts) = (VirtualClock::install(), 0);
    let error = within_sync(&clock, &mut attempts).expect_err("it always fails");
    assert_eq!(error.kind(), io::ErrorKind::ResourceBusy);
    assert_eq!((attempts, clock.elapsed()), (3, 6 * SECOND));
}
