//! `hedge`: copies beside a slow attempt, each with arguments of its own.

use std::io;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use retry_core::testing::Recorder;
use retry_core::{RetryBudget, retry_api, retry_storage};
use retry_tests::sendable;
use tokio::time::{Instant, sleep};

use super::refused;

const AFTER: Duration = Duration::from_millis(95);

/// The duration, in milliseconds, and the result of each copy to come; and the arguments of the copies made.
#[derive(Default)]
struct Replicas {
    slow: Mutex<Vec<(u64, Result<u32, ()>)>>,
    copies: Mutex<Vec<String>>,
}

impl Replicas {
    fn of<const N: usize>(slow: [(u64, Result<u32, ()>); N]) -> Self {
        let slow = slow.into_iter().rev().collect();
        Self {
            slow: Mutex::new(slow),
            ..Self::default()
        }
    }

    async fn ask(&self, what: String) -> io::Result<u32> {
        let next = self.slow.lock().expect("no panic").pop();
        let (millis, outcome) = next.expect("a copy that was meant to be made");
        self.copies.lock().expect("no panic").push(what);
        sleep(Duration::from_millis(millis)).await;
        outcome.map_err(|()| refused())
    }

    fn copies(&self) -> Vec<String> {
        self.copies.lock().expect("no panic").clone()
    }
}

#[retry_api(max_attempts = 1, hedge(after = "95ms", safe = true))]
async fn fetch(replicas: &Replicas, mut what: String) -> io::Result<u32> {
    what.push('!');
    replicas.ask(what).await
}

#[tokio::test(start_paused = true)]
async fn the_first_success_counts_and_each_copy_has_its_own_arguments() {
    for (slow, told, copies, after) in [
        ([(50, Ok(1)), (10, Ok(2))], Some(1), 1, 50),
        ([(500, Ok(1)), (10, Ok(2))], Some(2), 2, 105),
        ([(100, Ok(1)), (50, Ok(2))], Some(1), 2, 100),
        ([(50, Err(())), (10, Ok(2))], None, 1, 50),
        ([(100, Err(())), (50, Ok(2))], Some(2), 2, 145),
        ([(100, Err(())), (50, Err(()))], None, 2, 145),
    ] {
        let (replicas, began) = (Replicas::of(slow), Instant::now());
        let outcome = sendable(fetch(&replicas, "a".to_owned())).await;
        assert_eq!(outcome.ok(), told);
        assert_eq!(replicas.copies(), vec!["a!"; copies]);
        assert_eq!(began.elapsed(), Duration::from_millis(after));
    }
}

const MOST: u32 = 2;

#[retry_api(max_attempts = 1, hedge(after = AFTER, max = MOST, safe = true))]
async fn of_constants(replicas: &Replicas) -> io::Result<u32> {
    replicas.ask(String::new()).await
}

#[retry_api(max_attempts = 1, hedge(after = AFTER * slowness, max = copies, safe = true))]
async fn of_expressions(replicas: &Replicas, slowness: u32, copies: u32) -> io::Result<u32> {
    replicas.ask(String::new()).await
}

#[tokio::test(start_paused = true)]
async fn when_and_how_many_may_be_expressions() {
    let replicas = Replicas::of([(1_000, Ok(1)), (1_000, Ok(2)), (10, Ok(3))]);
    assert_eq!(sendable(of_constants(&replicas)).await.ok(), Some(3));
    assert_eq!(replicas.copies().len(), 3);

    let (replicas, began) = (Replicas::of([(1_000, Ok(1)), (10, Ok(2))]), Instant::now());
    let outcome = sendable(of_expressions(&replicas, 2, 1)).await;
    assert_eq!(outcome.ok(), Some(2));
    assert_eq!(began.elapsed(), 2 * AFTER + Duration::from_millis(10));
}

#[tokio::test(start_paused = true)]
async fn an_expression_out_of_range_is_clamped_and_logged_once() {
    let recorder = Recorder::install();
    for _ in 0..2 {
        let replicas = Replicas::of([(1_000, Ok(1)), (10, Ok(2))]);
        assert_eq!(of_expressions(&replicas, 1, 0).await.ok(), Some(2));
    }
    let messages = recorder.messages();
    let told: Vec<_> = messages
        .iter()
        .filter(|it| it.starts_with("ERROR"))
        .collect();
    assert_eq!(
        told,
        ["ERROR Argument of of_expressions: max is 0; it must be from 1 to 16; 1 is used"]
    );
}

#[retry_api(budget = budget, max_attempts = 1, hedge(after = "95ms", max = 3, safe = true))]
async fn paid(replicas: &Replicas, budget: &RetryBudget) -> io::Result<u32> {
    replicas.ask(String::new()).await
}

#[tokio::test(start_paused = true)]
async fn a_refusal_leaves_the_first_alone() {
    let budget = RetryBudget::new(0.0).with_burst(1).with_floor(0);
    let replicas = Replicas::of([(1_000, Ok(1)), (2_000, Ok(2)), (1_000, Ok(3))]);
    assert_eq!(sendable(paid(&replicas, &budget)).await.ok(), Some(1));
    assert_eq!(replicas.copies().len(), 2, "one hedge was paid for");
}

#[retry_api(
    max_attempts = 3,
    attempt = n,
    timeout = "200ms",
    time_budget = "1h",
    circuit_breaker(failure_threshold = 9),
    hedge(after = "95ms", safe = true)
)]
async fn hangs(replicas: &Replicas, (first, _): (String, u32)) -> io::Result<u32> {
    replicas.ask(format!("{first}{n}")).await
}

#[tokio::test(start_paused = true)]
async fn a_hedged_attempt_is_retried_and_timed_out_as_one() {
    let replicas = Replicas::of([(9_000, Ok(1)); 6]);
    let outcome = sendable(hangs(&replicas, ("a".to_owned(), 1))).await;
    assert_eq!(outcome.unwrap_err().kind(), io::ErrorKind::TimedOut);
    assert_eq!(replicas.copies(), ["a1", "a1", "a2", "a2", "a3", "a3"]);
}

#[retry_api(
    retry_on_ok = |value| *value == 0,
    min_wait = "1s",
    jitter = "none",
    hedge(after = "95ms", safe = true)
)]
async fn judged(replicas: &Replicas) -> io::Result<u32> {
    replicas.ask(String::new()).await
}

#[tokio::test(start_paused = true)]
async fn an_ok_that_is_to_be_retried_does_not_decide_the_race() {
    let (replicas, began) = (Replicas::of([(500, Ok(7)), (10, Ok(0))]), Instant::now());
    assert_eq!(sendable(judged(&replicas)).await.ok(), Some(7));
    assert_eq!(began.elapsed(), Duration::from_millis(500));

    let replicas = Replicas::of([(200, Ok(0)), (10, Ok(0)), (10, Ok(8))]);
    assert_eq!(sendable(judged(&replicas)).await.ok(), Some(8));
}

struct Client<T> {
    replicas: Replicas,
    keys: Vec<T>,
}

impl<T: ToString + Send + Sync> Client<T> {
    #[retry_storage(max_attempts = 1, hedge(after = "95ms", safe = true))]
    async fn shared<K>(&self, key: K, at: usize) -> Result<u32, io::Error>
    where
        K: Into<String> + Clone + Send,
    {
        let first = self.keys.first().map(T::to_string).unwrap_or_default();
        if at > 9 {
            return Ok(0);
        }
        let found = self.replicas.ask(first + &key.into()).await?;
        Ok(found)
    }

    #[retry_storage(max_attempts = 1, hedge(after = "95ms", safe = true))]
    async fn lent<'a>(&'a self, keys: &'a [&'a str]) -> io::Result<&'a str> {
        let _found = self.replicas.ask(keys.concat()).await?;
        Ok(keys.first().copied().unwrap_or(""))
    }
}

#[async_trait]
trait Calls {
    async fn boxed(&self, key: String, pair: (u32, &str)) -> io::Result<u32>;
}

#[async_trait]
impl Calls for Client<u32> {
    #[retry_storage(max_attempts = 1, hedge(after = "95ms", safe = true))]
    async fn boxed(&self, key: String, (number, text): (u32, &str)) -> io::Result<u32> {
        let what = format!("{key}{number}{text}");
        self.replicas.ask(what).await
    }
}

#[tokio::test(start_paused = true)]
async fn on_methods() -> io::Result<()> {
    let client = || Client {
        replicas: Replicas::of([(500, Ok(1)), (10, Ok(2))]),
        keys: vec![1_u32],
    };
    let (one, two, three) = (client(), client(), client());
    assert_eq!(sendable(one.shared("a", 0)).await?, 2);
    assert_eq!(one.replicas.copies(), ["1a", "1a"]);
    assert_eq!(sendable(two.lent(&["b", "c"])).await?, "b");
    assert_eq!(two.replicas.copies(), ["bc", "bc"]);
    assert_eq!(sendable(three.boxed("d".to_owned(), (1, "e"))).await?, 2);
    assert_eq!(three.replicas.copies(), ["d1e", "d1e"]);
    Ok(())
}

#[tracing::instrument(skip_all)]
#[retry_api(max_attempts = 1, hedge(after = "95ms", safe = true))]
async fn instrumented(replicas: &Replicas, key: impl Into<String> + Clone) -> io::Result<u32> {
    replicas.ask(key.into()).await
}

#[retry_api(max_attempts = 1, hedge(after = "95ms", safe = true))]
#[tracing::instrument(skip_all, err)]
async fn instrumented_below(replicas: &Replicas, key: String) -> io::Result<u32> {
    let lent = &key;
    replicas.ask(lent.clone()).await
}

#[tokio::test(start_paused = true)]
async fn beside_instrument() -> io::Result<()> {
    let replicas = Replicas::of([(500, Ok(1)), (10, Ok(2)), (500, Ok(1)), (10, Ok(2))]);
    assert_eq!(sendable(instrumented(&replicas, "a")).await?, 2);
    assert_eq!(
        sendable(instrumented_below(&replicas, "b".to_owned())).await?,
        2
    );
    assert_eq!(replicas.copies(), ["a", "a", "b", "b"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_spawned_call_is_hedged() -> io::Result<()> {
    let replicas = std::sync::Arc::new(Replicas::of([(500, Ok(1)), (10, Ok(2))]));
    let shared = replicas.clone();
    let call = tokio::spawn(async move { fetch(&shared, "a".to_owned()).await });
    assert_eq!(call.await.expect("no panic")?, 2);
    Ok(())
}
