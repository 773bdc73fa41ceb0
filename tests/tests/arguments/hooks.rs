//! `on_retry`: called for each retry, with the very wait that is slept.

use std::cell::{Cell, RefCell};
use std::io;
use std::time::Duration;

use retry_core::testing::{Script, VirtualClock, seed};
use retry_core::{RetryEvent, retry_scheduler};
use retry_tests::{busy_once, busy_times, sendable};
use tokio::time::Instant;

/// The event that a hook received.
#[derive(Debug, PartialEq)]
struct Received {
    operation: &'static str,
    class: &'static str,
    attempt: u32,
    max_attempts: Option<u32>,
    error: Option<String>,
    wait: Duration,
}

impl Received {
    fn of(event: &RetryEvent<'_, io::Error>) -> Self {
        Self {
            operation: event.operation(),
            class: event.class(),
            attempt: event.attempt(),
            max_attempts: event.max_attempts(),
            error: event.error().map(ToString::to_string),
            wait: event.wait(),
        }
    }
}

type Log = RefCell<Vec<Received>>;

#[retry_scheduler(max_attempts = 4, on_retry = |event| log.borrow_mut().push(Received::of(&event)))]
fn by_closure(script: &Script<u32, io::Error>, log: &Log) -> io::Result<u32> {
    script.next()
}

#[retry_scheduler(on_retry = |event: RetryEvent<'_, io::Error>| received.push(event.wait()))]
async fn into_a_borrow(
    script: &Script<u32, io::Error>,
    received: &mut Vec<Duration>,
) -> io::Result<u32> {
    script.next()
}

thread_local! {
    static HEARD: Cell<u32> = const { Cell::new(0) };
}

fn hear<E>(event: RetryEvent<'_, E>) {
    HEARD.set(HEARD.get() + event.attempt());
}

#[retry_scheduler(on_retry = hear)]
async fn by_path(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[retry_scheduler(on_retry = adding(2))]
fn by_call(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

fn adding(number: u32) -> impl Fn(RetryEvent<'_, io::Error>) {
    move |_| HEARD.set(HEARD.get() + number)
}

#[retry_scheduler(retry_on_ok = |value| *value == 0, on_retry = |event| log.borrow_mut().push(Received::of(&event)))]
fn of_a_value(script: &Script<u32, io::Error>, log: &Log) -> io::Result<u32> {
    script.next()
}

#[test]
fn told_the_wait_that_is_slept() -> io::Result<()> {
    let (clock, _seeded, log) = (VirtualClock::install(), seed(1), Log::default());
    assert_eq!(by_closure(&busy_times(2), &log)?, 7);
    let received = |attempt, wait| Received {
        operation: "by_closure",
        class: "scheduler",
        attempt,
        max_attempts: Some(4),
        error: Some("connection refused".to_owned()),
        wait,
    };
    let slept = clock.slept();
    assert_eq!(
        log.into_inner(),
        [received(1, slept[0]), received(2, slept[1])]
    );
    assert!(slept[0] > Duration::ZERO);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn told_the_wait_that_is_slept_async() -> io::Result<()> {
    let (began, mut received) = (Instant::now(), Vec::new());
    assert_eq!(
        sendable(into_a_borrow(&busy_once(), &mut received)).await?,
        7
    );
    let [wait] = received[..] else {
        panic!("{received:?}");
    };
    // Timers have a resolution of a millisecond.
    assert!(
        began.elapsed() - wait < Duration::from_millis(2),
        "{wait:?}"
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn functions() -> io::Result<()> {
    HEARD.set(0);
    assert_eq!(sendable(by_path(&busy_times(2))).await?, 7);
    assert_eq!(HEARD.get(), 1 + 2);
    let _no_wait = retry_core::testing::no_wait();
    assert_eq!(by_call(&busy_times(2))?, 7);
    assert_eq!(HEARD.get(), 1 + 2 + 4);
    Ok(())
}

#[test]
fn a_value_that_was_not_accepted_is_no_error() -> io::Result<()> {
    let (_no_wait, log) = (retry_core::testing::no_wait(), Log::default());
    assert_eq!(of_a_value(&Script::new([Ok(0), Ok(1)]), &log)?, 1);
    assert_eq!(
        log.borrow()
            .iter()
            .map(|received| received.error.clone())
            .collect::<Vec<_>>(),
        [None]
    );
    Ok(())
}
