//! Time limits: of an attempt, and of the whole call.

use std::cell::Cell;
use std::io;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use retry_core::testing::{Recorder, Script, VirtualClock};
use retry_core::{Classify, Jitter, Retry, RetryError, RetryPolicy, retry_api};
use tokio::time::Instant;

const SECOND: Duration = Duration::from_secs(1);
const SECONDS: RetryPolicy = RetryPolicy::new(4)
    .with_min_wait(SECOND)
    .with_jitter(Jitter::None);

#[derive(Debug, PartialEq, thiserror::Error)]
enum ApiError {
    #[error("busy")]
    Busy,
    #[error("{0}")]
    Retry(#[from] RetryError),
}

#[retry_api(policy = SECONDS, timeout = "3s")]
async fn stuck(begun: &AtomicU32) -> Result<(), ApiError> {
    if begun.fetch_add(1, Ordering::Relaxed) < 2 {
        std::future::pending::<()>().await;
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_takes_too_long_is_dropped_and_tried_again() {
    let recorder = Recorder::install();
    let start = Instant::now();
    let begun = AtomicU32::new(0);
    assert_eq!(stuck(&begun).await, Ok(()));
    assert_eq!(begun.into_inner(), 3);
    assert_eq!(start.elapsed(), 8 * SECOND);
    assert!(
        recorder.messages().contains(
            &"WARN Retry attempt 1/4 for stuck failed: attempt 1 of stuck timed out after 3.0s"
                .to_owned()
        ),
        "{:?}",
        recorder.messages()
    );
}

#[tokio::test(start_paused = true)]
async fn the_last_timeout_comes_back_as_the_functions_own_error() {
    #[retry_api(policy = SECONDS, max_attempts = 2, timeout = 3)]
    async fn hopeless() -> Result<(), ApiError> {
        std::future::pending().await
    }
    let timeout = 3 * SECOND;
    assert_eq!(
        hopeless().await,
        Err(ApiError::Retry(RetryError::AttemptTimeout {
            operation: "hopeless",
            attempt: 2,
            timeout
        }))
    );
}

#[tokio::test(start_paused = true)]
async fn an_unknown_outcome_is_not_tried_again_exactly_once() {
    let policy = SECONDS.with_execution_guarantee(retry_core::ExecutionGuarantee::ExactlyOnce);
    let mut attempts = 0;
    let outcome: Result<(), io::Error> = Retry::new(policy)
        .timeout(SECOND)
        .run_async(|| {
            attempts += 1;
            std::future::pending()
        })
        .await;
    assert_eq!(
        outcome.expect_err("a timeout").kind(),
        io::ErrorKind::TimedOut
    );
    assert_eq!(attempts, 1);
}

#[tokio::test(start_paused = true)]
async fn a_predicate_outranks_the_timeouts_own_verdict() {
    let mut attempts = 0;
    let outcome: Result<(), String> = Retry::new(SECONDS)
        .retry_if(|error: &String| !error.contains("timed out"))
        .timeout(SECOND)
        .run_async(|| {
            attempts += 1;
            std::future::pending()
        })
        .await;
    assert!(outcome.is_err());
    assert_eq!(attempts, 1);
}

/// Under `ExactlyOnce`, predicates state of an error what they know; a timeout's error is not the function's.
#[tokio::test(start_paused = true)]
async fn predicates_state_nothing_of_an_attempt_that_was_cut() {
    const ONCE: RetryPolicy =
        SECONDS.with_execution_guarantee(retry_core::ExecutionGuarantee::ExactlyOnce);
    #[retry_api(
        policy = ONCE,
        max_attempts = 4,
        timeout = "1s",
        retry_if = |_: &String| true,
        not_applied_if = |_: &String| true
    )]
    async fn charge(attempts: &Cell<u32>, hangs: bool) -> Result<(), String> {
        attempts.set(attempts.get() + 1);
        if hangs {
            std::future::pending::<()>().await;
        }
        Err("refused".to_owned())
    }
    for (hangs, expected) in [(false, 4), (true, 1)] {
        let attempts = Cell::new(0);
        assert!(charge(&attempts, hangs).await.is_err());
        assert_eq!(attempts.get(), expected, "{hangs}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_whole_call_is_cut_where_its_time_ends() {
    #[retry_api(policy = SECONDS, max_total_time = "5s")]
    async fn slow() -> Result<(), ApiError> {
        tokio::time::sleep(3 * SECOND).await;
        Err(ApiError::Busy)
    }
    let recorder = Recorder::install();
    let start = Instant::now();
    let limit = 5 * SECOND;
    assert_eq!(
        slow().await,
        Err(ApiError::Retry(RetryError::TimeLimit {
            operation: "slow",
            attempt: 2,
            limit
        }))
    );
    assert_eq!(start.elapsed(), limit);
    assert_eq!(
        recorder.messages().last().expect("told"),
        "WARN Retry stopped on attempt 2/4 for slow (time limit): time limit of 5.0s for slow ran out in attempt 2"
    );
}

#[tokio::test(start_paused = true)]
async fn no_wait_is_begun_that_leaves_no_time() {
    #[retry_api(policy = SECONDS, max_total_time = "1500ms")]
    async fn quick() -> Result<(), ApiError> {
        Err(ApiError::Busy)
    }
    let start = Instant::now();
    // One wait of a second fits; a second one does not, and the function's own error comes back.
    assert_eq!(quick().await, Err(ApiError::Busy));
    assert_eq!(start.elapsed(), SECOND);
}

#[test]
fn a_sync_call_counts_attempts_and_waits_against_its_limit() {
    #[retry_api(policy = SECONDS, max_total_time = "10s")]
    fn slow(clock: &VirtualClock, script: &Script<(), &'static str>) -> Result<(), &'static str> {
        clock.advance(4 * SECOND);
        script.next()
    }
    let clock = VirtualClock::install();
    let recorder = Recorder::install();
    let script = Script::new([Err("busy"), Err("busier")]);
    // 4 s, a wait of 1 s, 4 s: the next wait would leave nothing.
    assert_eq!(slow(&clock, &script), Err("busier"));
    assert_eq!(clock.elapsed(), 9 * SECOND);
    assert_eq!(
        recorder.messages().last().expect("told"),
        "WARN Retry stopped on attempt 2/4 for slow (time limit): busier"
    );
}

#[test]
fn a_deadline_is_not_overshot_by_a_wait() {
    for total in 1..10_000_u64 {
        let clock = VirtualClock::install();
        let limit = Duration::from_millis(total);
        let outcome = Retry::new(SECONDS.with_max_attempts(50))
            .max_total_time(limit)
            .run(|| Err::<(), _>("busy"));
        assert!(outcome.is_err());
        assert!(clock.elapsed() < limit, "{total} ms");
    }
}

#[test]
fn our_own_errors_are_known_to_an_outer_call() {
    let timeout = SECOND;
    let error = RetryError::AttemptTimeout {
        operation: "load",
        attempt: 1,
        timeout,
    };
    let boxed: Box<dyn std::error::Error + Send + Sync> = Box::new(ApiError::Retry(error.clone()));
    assert_eq!(boxed.classify(), error.classify());
    let as_io = io::Error::from(error.clone()).classify();
    assert_eq!(as_io.verdict(), error.classify().verdict());
    assert!(!as_io.is_not_applied());
    assert!(
        !error.classify().is_not_applied(),
        "the dropped attempt may have done its work"
    );
    assert_eq!(
        String::from(error),
        "attempt 1 of load timed out after 1.0s"
    );
}
