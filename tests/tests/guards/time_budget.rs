//! `time_budget`: what the retries of a call, and of the calls that it makes, may spend together.

use std::io;
use std::time::Duration;

use async_trait::async_trait;
use retry_core::testing::{Recorder, Script, VirtualClock};
use retry_core::{retry_api, retry_worker};
use retry_tests::sendable;
use tokio::time::Instant;

use super::{SECOND, down};

#[retry_worker(
    max_attempts = 9,
    min_wait = 1,
    backoff = "constant",
    jitter = "none",
    time_budget = "6s"
)]
fn by_text(script: &Script<u32, io::Error>, clock: &VirtualClock) -> io::Result<u32> {
    clock.advance(2 * SECOND);
    script.next()
}

#[test]
fn waits_and_retries_are_spent_and_first_attempts_are_free() {
    let (clock, script) = (VirtualClock::install(), down());
    let recorder = Recorder::install();
    assert!(by_text(&script, &clock).is_err());
    // 1 + 2 and 1 + 2 seconds are 6; the first attempt's 2 are not counted.
    assert_eq!(script.attempts(), 3);
    let last = recorder.messages().pop().expect("told of");
    assert!(
        last.starts_with("WARN Retry stopped on attempt 3/9 for by_text (time budget): "),
        "{last}"
    );
}

const SPARE: Duration = Duration::from_secs(3);

#[retry_worker(max_attempts = 9, min_wait = 1, max_wait = 1, time_budget = SPARE)]
async fn by_constant(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[retry_worker(max_attempts = 9, min_wait = 1, max_wait = 1, time_budget = SECOND * spare)]
async fn by_expression(script: &Script<u32, io::Error>, spare: u32) -> io::Result<u32> {
    script.next()
}

#[tokio::test(start_paused = true)]
async fn it_is_evaluated_at_the_calls_start() {
    let script = down();
    assert!(sendable(by_constant(&script)).await.is_err());
    assert_eq!(script.attempts(), 3);
    for (spare, attempts) in [(0, 1), (1, 1), (2, 2), (5, 5)] {
        let script = down();
        assert!(sendable(by_expression(&script, spare)).await.is_err());
        assert_eq!(script.attempts(), attempts, "{spare}");
    }
}

#[retry_api(
    max_attempts = 9,
    min_wait = 1,
    max_wait = 1,
    nested = "multiply",
    time_budget = "10s"
)]
async fn outer(script: &Script<u32, io::Error>) -> io::Result<u32> {
    inner(script).await
}

#[retry_worker(max_attempts = 4, min_wait = 1, max_wait = 1)]
async fn inner(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[retry_api(
    max_attempts = 9,
    min_wait = 1,
    max_wait = 1,
    nested = "multiply",
    time_budget = 10
)]
fn outer_sync(script: &Script<u32, io::Error>) -> io::Result<u32> {
    inner_sync(script)
}

#[retry_worker(max_attempts = 4, min_wait = 1, max_wait = 1)]
fn inner_sync(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[tokio::test(start_paused = true)]
async fn calls_inside_spend_of_it_too() {
    let script = down();
    let began = Instant::now();
    assert!(sendable(outer(&script)).await.is_err());
    // 3 seconds inside and 1 outside, again 3 and 1, and 2 more inside: a wait that an attempt has
    // behind it is counted when the attempt ends.
    assert_eq!((script.attempts(), began.elapsed()), (11, 10 * SECOND));
}

#[test]
fn sync_calls_inside_spend_of_it_too() {
    let (clock, script) = (VirtualClock::install(), down());
    assert!(outer_sync(&script).is_err());
    assert_eq!((script.attempts(), clock.elapsed()), (11, 10 * SECOND));
}

struct Client {
    script: Script<u32, io::Error>,
    spare: Duration,
    calls: Vec<String>,
}

impl Client {
    #[retry_worker(max_attempts = 9, min_wait = 1, max_wait = 1, time_budget = self.spare)]
    async fn exclusive(&mut self, key: String) -> io::Result<u32> {
        self.calls.push(key);
        self.script.next()
    }
}

#[async_trait]
trait Calls {
    async fn boxed(&mut self, key: String) -> io::Result<u32>;
}

#[async_trait]
impl Calls for Client {
    #[retry_worker(max_attempts = 9, min_wait = 1, max_wait = 1, time_budget = self.spare, timeout = 1)]
    async fn boxed(&mut self, key: String) -> io::Result<u32> {
        self.calls.push(key);
        self.script.next()
    }
}

#[tokio::test(start_paused = true)]
async fn on_methods() {
    let mut client = Client {
        script: down(),
        spare: 3 * SECOND,
        calls: Vec::new(),
    };
    assert!(sendable(client.exclusive("a".to_owned())).await.is_err());
    assert!(sendable(client.boxed("a".to_owned())).await.is_err());
    assert_eq!(client.calls.len(), 3 + 3);
}
