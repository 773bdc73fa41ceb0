//! `RetryScope`: waits end early at shutdown, sync ones too.

use std::error::Error;
use std::sync::mpsc;
use std::time::Duration;

use retry_core::testing::{Recorder, Script};
use retry_core::{Jitter, Retry, RetryPolicy, RetryScope, retry_worker};

/// Longer than any test may take: only a cancellation ends it.
const ENDLESS: RetryPolicy = RetryPolicy::new(5)
    .with_min_wait(Duration::from_secs(100_000))
    .with_jitter(Jitter::None);

#[retry_worker(policy = ENDLESS)]
async fn work(script: &Script<u32, &'static str>) -> Result<u32, &'static str> {
    script.next()
}

#[retry_worker(policy = ENDLESS)]
fn work_sync(script: &Script<u32, &'static str>) -> Result<u32, &'static str> {
    script.next()
}

/// Not `Send`.
#[retry_worker(policy = ENDLESS)]
async fn work_boxed(script: &Script<u32, &'static str>) -> Result<u32, Box<dyn Error>> {
    Ok(script.next()?)
}

#[tokio::test(start_paused = true)]
async fn a_waiting_call_returns_its_last_error_at_once() {
    let recorder = Recorder::install();
    let scope = RetryScope::new();
    let script = Script::new([Err("busy")]);
    let call = scope.clone().run_async(work(&script));
    let (outcome, ()) = tokio::join!(call, async {
        tokio::task::yield_now().await;
        scope.cancel();
    });
    assert_eq!(outcome, Err("busy"));
    let messages = recorder.messages();
    assert_eq!(
        messages.last().expect("told"),
        "WARN Retry stopped on attempt 1/5 for work (cancelled): busy"
    );
}

#[tokio::test(start_paused = true)]
async fn an_outcome_that_is_not_send_gets_one_last_attempt_instead() {
    let scope = RetryScope::new();
    let script = Script::new([Err("busy"), Err("still busy")]);
    let call = scope.clone().run_async(work_boxed(&script));
    let (outcome, ()) = tokio::join!(call, async {
        tokio::task::yield_now().await;
        scope.cancel();
    });
    assert_eq!(outcome.expect_err("it fails").to_string(), "still busy");
    assert_eq!(script.left(), 0);
}

#[test]
fn a_sleeping_thread_is_woken() {
    let scope = RetryScope::new();
    let (asleep, is_asleep) = mpsc::channel();
    let worker = std::thread::spawn({
        let scope = scope.clone();
        move || {
            let script = Script::new([Err("busy")]);
            scope.run(|| {
                Retry::new(ENDLESS)
                    .on_retry(|_| asleep.send(()).expect("the test listens"))
                    .run(|| script.next())
            })
        }
    });
    is_asleep.recv().expect("the call is about to sleep");
    scope.cancel();
    assert_eq!(worker.join().expect("no panic"), Err::<(), _>("busy"));
}

#[test]
fn a_cancelled_scope_lets_attempts_run_and_retries_nothing() {
    let scope = RetryScope::new();
    scope.cancel();
    assert_eq!(
        scope.run(|| work_sync(&Script::new([Err("busy")]))),
        Err("busy")
    );
    assert_eq!(scope.run(|| work_sync(&Script::new([Ok(1)]))), Ok(1));
}

#[test]
fn an_inner_scope_is_cancelled_with_the_outer_and_not_the_other_way_round() {
    let (outer, inner) = (RetryScope::new(), RetryScope::new());
    outer.cancel();
    let script = Script::new([Err("busy")]);
    assert_eq!(outer.run(|| inner.run(|| work_sync(&script))), Err("busy"));
    assert!(!inner.is_cancelled());
    // Outside of it, nothing is cancelled any more.
    let clock = retry_core::testing::VirtualClock::install();
    let script = Script::new([Err("busy"), Ok(2)]);
    assert_eq!(inner.run(|| work_sync(&script)), Ok(2));
    assert_eq!(clock.slept().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_scope_holds_on_the_task_and_not_beside_it() {
    let scope = RetryScope::new();
    scope.cancel();
    let script = Script::new([Err("busy"), Ok(1)]);
    let inside_script = Script::new([Err("busy")]);
    let inside = scope.clone().run_async(async {
        tokio::task::yield_now().await;
        work(&inside_script).await
    });
    let (inside, beside) = tokio::join!(inside, work(&script));
    assert_eq!((inside, beside), (Err("busy"), Ok(1)));
}

#[tokio::test(start_paused = true)]
async fn a_dropped_wait_leaves_nothing_in_its_scope() {
    let scope = RetryScope::new();
    let script = Script::new([Err("busy")]);
    let call = scope.clone().run_async(work(&script));
    let timed_out = tokio::time::timeout(Duration::from_secs(1), call).await;
    assert!(timed_out.is_err());
    // A wait that the call had left in its scope would be woken now.
    scope.cancel();
    assert_eq!(script.attempts(), 1);
}
