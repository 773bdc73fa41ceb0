//! Hedges: attempts beside one that is slow.

use std::time::Duration;

use retry_core::{Hedge, NO_RETRY, Retry};
use tokio::time::sleep;

use super::seen::Seen;

/// The first attempt takes so long, and hedges, made after 100 ms, as long as they say.
async fn race(
    name: &'static str,
    first: (u64, Result<(), &'static str>),
    hedge: (u64, Result<(), &'static str>),
) -> (Result<(), &'static str>, Vec<String>) {
    let seen = Seen::install();
    let mut copies = 0;
    let call = Retry::new(NO_RETRY)
        .name(name)
        .hedge(Hedge::after(Duration::from_millis(100)));
    let outcome = call.run_async(|| {
        copies += 1;
        let (millis, outcome) = if copies == 1 { first } else { hedge };
        async move {
            sleep(Duration::from_millis(millis)).await;
            outcome
        }
    });
    let outcome = outcome.await;
    (outcome, seen.operation(name))
}

#[tokio::test(start_paused = true)]
async fn one_that_wins() {
    let (outcome, lines) = race("wins", (5_000, Ok(())), (50, Ok(()))).await;
    assert_eq!(outcome, Ok(()));
    assert_eq!(
        lines,
        [
            "retry_attempts_per_call{} [1]",
            "retry_attempts_total{phase=hedge,result=success} 1",
            "retry_attempts_total{phase=initial,result=success} 1",
            "retry_calls_total{outcome=success_first} 1",
            "retry_duration_seconds{} [0.15]",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn one_that_is_overtaken() {
    let (outcome, lines) = race("overtaken", (150, Ok(())), (5_000, Ok(()))).await;
    assert_eq!(outcome, Ok(()));
    let dropped = "retry_attempts_total{phase=hedge,result=dropped} 1";
    assert!(lines.contains(&dropped.to_owned()), "{lines:?}");
    assert_eq!(lines.len(), 5);
}

#[tokio::test(start_paused = true)]
async fn one_that_fails() {
    let (outcome, lines) = race("fails", (500, Err("busy")), (100, Err("busy too"))).await;
    assert_eq!(outcome, Err("busy"));
    assert_eq!(
        lines,
        [
            "retry_attempts_per_call{} [1]",
            "retry_attempts_total{phase=hedge,result=failed} 1",
            "retry_attempts_total{phase=initial,result=failed} 1",
            "retry_calls_total{outcome=attempts_exhausted} 1",
            "retry_duration_seconds{} [0.5]",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn none_where_the_first_is_fast() {
    let (outcome, lines) = race("fast", (50, Ok(())), (50, Ok(()))).await;
    assert_eq!(outcome, Ok(()));
    assert_eq!(lines.len(), 4, "{lines:?}");
}
