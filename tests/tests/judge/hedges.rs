//! A value that is to be retried does not decide a race; one that is accepted, and a final error, do.

use std::sync::Mutex;
use std::time::Duration;

use retry_core::{Hedge, Judgement, Retry, RetryPolicy, retry_api};
use retry_tests::sendable;
use tokio::time::{Instant, sleep};

use super::{Fault, Outcome, Reply, by_status};

/// The copies to come, last first: each takes its milliseconds, and gives its outcome.
struct Replicas(Mutex<Vec<(u64, Outcome)>>);

impl Replicas {
    fn of<const N: usize>(copies: [(u64, Outcome); N]) -> Self {
        Self(Mutex::new(copies.into_iter().rev().collect()))
    }

    async fn ask(&self) -> Outcome {
        let next = self.0.lock().expect("no panic").pop();
        let (millis, outcome) = next.expect("a copy that is expected");
        sleep(Duration::from_millis(millis)).await;
        outcome
    }
}

#[retry_api(max_attempts = 1, judge = by_status, hedge(after = "95ms", safe = true))]
async fn judged(replicas: &Replicas) -> Outcome {
    replicas.ask().await
}

#[retry_api(
    max_attempts = 1,
    judge = of(503),
    hedge(after = "95ms", safe = true)
)]
async fn made(replicas: &Replicas) -> Outcome {
    replicas.ask().await
}

fn of(refused: u16) -> impl Fn(&Outcome) -> Judgement + Send + Sync {
    move |outcome| matches!(outcome, Ok(Reply(status)) if *status == refused).into()
}

#[tokio::test(start_paused = true)]
async fn the_race_goes_on_after_a_value_that_is_refused() {
    let (good, busy) = (Ok(Reply(200)), Ok(Reply(503)));
    let declined: Outcome = Err(Fault::Declined);
    for (copies, expected, after) in [
        ([(500, good.clone()), (10, busy.clone())], good.clone(), 500),
        ([(200, busy.clone()), (50, busy.clone())], busy.clone(), 200),
        ([(500, busy.clone()), (10, good.clone())], good, 105),
        ([(500, busy), (10, declined.clone())], declined, 105),
    ] {
        for way in 0..3 {
            let (replicas, began) = (Replicas::of(copies.clone()), Instant::now());
            let outcome = match way {
                0 => sendable(judged(&replicas)).await,
                1 => sendable(made(&replicas)).await,
                _ => {
                    let hedge = Hedge::after(Duration::from_millis(95));
                    let retry = Retry::new(RetryPolicy::new(1)).judge(by_status);
                    retry.hedge(hedge).run_async(|| replicas.ask()).await
                }
            };
            assert_eq!(outcome, expected, "{copies:?}, {way}");
            assert_eq!(began.elapsed(), Duration::from_millis(after));
        }
    }
}
