//! When arguments are evaluated: at most once a call, at the first failure; limits at the start.

use std::cell::RefCell;
use std::io;
use std::time::Duration;

use async_trait::async_trait;
use retry_core::testing::{Recorder, Script, VirtualClock, no_wait};
use retry_core::{Growth, Jitter, RetryEvent, RetryPolicy, Verdict, retry_storage};
use retry_tests::{busy_once, busy_times, sendable};

/// The names of the evaluated expressions, in order.
#[derive(Default)]
struct Log(RefCell<Vec<&'static str>>);

impl Log {
    fn of<T>(&self, what: &'static str, value: T) -> T {
        self.0.borrow_mut().push(what);
        value
    }

    fn taken(&self) -> Vec<&'static str> {
        self.0.take()
    }
}

#[retry_storage(
    policy = log.of("policy", RetryPolicy::new(1)),
    max_attempts = log.of("max_attempts", 5),
    min_wait = log.of("min_wait", Duration::ZERO),
    max_wait = log.of("max_wait", Duration::from_secs(1)),
    backoff = log.of("backoff", Growth::Constant),
    jitter = log.of("jitter", Jitter::None),
    max_total_time = log.of("max_total_time", Duration::from_secs(60)),
    retry_if = log.of("retry_if", |_: &io::Error| true),
    retry_on_ok = log.of("retry_on_ok", |_: &u32| false),
    on_retry = log.of("on_retry", |_: RetryEvent<'_, io::Error>| ()),
)]
fn everything(script: &Script<u32, io::Error>, log: &Log) -> io::Result<u32> {
    log.of("attempt", script.next())
}

#[retry_storage(
    timeout = made.push_and("timeout", Duration::from_secs(1)),
    multiplier = made.push_and("multiplier", 2.0),
    retry_if = made.push_and("retry_if", |_: &io::Error| Verdict::Retry),
)]
async fn everything_async(script: &Script<u32, io::Error>, made: &Made) -> io::Result<u32> {
    tokio::task::yield_now().await;
    script.next()
}

#[derive(Default)]
struct Made(std::sync::Mutex<Vec<&'static str>>);

impl Made {
    fn push_and<T>(&self, what: &'static str, value: T) -> T {
        self.0.lock().expect("nothing panics with it").push(what);
        value
    }
}

#[async_trait]
trait Store {
    async fn load(&mut self, key: String) -> io::Result<u32>;
}

struct Disk {
    wait: Duration,
    attempts: u8,
    script: Script<u32, io::Error>,
}

#[async_trait]
impl Store for Disk {
    #[retry_storage(
        min_wait = self.wait,
        max_attempts = self.attempts + (key.len() as u8),
        jitter = "none",
        on_retry = |event| assert_eq!(event.wait(), self.wait),
    )]
    async fn load(&mut self, key: String) -> io::Result<u32> {
        drop(key);
        self.attempts = 0;
        self.script.next()
    }
}

#[retry_storage(multiplier = growth, min_wait = least, max_wait = "1s", jitter = "none", max_attempts = 3)]
fn out_of_range(growth: f64, least: Duration) -> io::Result<()> {
    super::busy()
}

#[test]
fn nothing_without_a_failure() -> io::Result<()> {
    let log = Log::default();
    assert_eq!(everything(&Script::new([Ok(7)]), &log)?, 7);
    // A value can only be accepted by who is asked.
    assert_eq!(log.taken(), ["max_total_time", "attempt", "retry_on_ok"]);
    Ok(())
}

#[test]
fn once_a_call_at_the_first_failure() -> io::Result<()> {
    let (_no_wait, log) = (no_wait(), Log::default());
    for _ in 0..2 {
        assert_eq!(everything(&busy_times(3), &log)?, 7);
        let mut evaluated = log.taken();
        assert_eq!(evaluated[..2], ["max_total_time", "attempt"]);
        evaluated.retain(|what| *what != "attempt");
        evaluated.sort_unstable();
        let once = [
            "backoff",
            "jitter",
            "max_attempts",
            "max_total_time",
            "max_wait",
            "min_wait",
            "on_retry",
            "policy",
            "retry_if",
            "retry_on_ok",
        ];
        assert_eq!(evaluated, once);
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn once_a_call_at_the_first_failure_async() -> io::Result<()> {
    let made = Made::default();
    assert_eq!(
        sendable(everything_async(&Script::new([Ok(7)]), &made)).await?,
        7
    );
    assert_eq!(*made.0.lock().expect("whole"), ["timeout"]);
    assert_eq!(sendable(everything_async(&busy_times(3), &made)).await?, 7);
    let evaluated = made.0.into_inner().expect("whole");
    assert_eq!(evaluated, ["timeout", "timeout", "retry_if", "multiplier"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn of_self_in_an_async_trait() -> io::Result<()> {
    let mut disk = Disk {
        wait: Duration::from_secs(3),
        attempts: 1,
        script: busy_once(),
    };
    let began = tokio::time::Instant::now();
    // The first attempt has set `attempts` to 0 by then; the key is the caller's.
    assert_eq!(sendable(disk.load("ab".to_owned())).await?, 7);
    assert_eq!(began.elapsed(), Duration::from_secs(3));
    Ok(())
}

#[test]
fn what_is_out_of_range_is_clamped_and_logged_once() {
    let (clock, recorder) = (VirtualClock::install(), Recorder::install());
    for _ in 0..2 {
        assert!(out_of_range(0.5, Duration::from_secs(2)).is_err());
    }
    assert_eq!(clock.slept(), [Duration::from_secs(2); 4]);
    let clamped: Vec<_> = recorder
        .messages()
        .into_iter()
        .filter(|message| message.starts_with("ERROR Argument"))
        .collect();
    assert_eq!(
        clamped,
        [
            "ERROR Argument of out_of_range: multiplier is 0.5; it must be a finite number of at \
             least 1; a constant wait is used",
            "ERROR Argument of out_of_range: max_wait is 1.0s; it must be at least min_wait, 2.0s; \
             2.0s is used",
        ]
    );
}
