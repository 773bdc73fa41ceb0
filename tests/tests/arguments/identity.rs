//! `name`, `attempt`, `nested` and `crate`.

use std::io;

use retry_core::testing::{Recorder, Script, no_wait};
use retry_core::{retry_api, retry_worker};
use retry_tests::{busy_once, busy_times, sendable};

#[retry_worker(name = "load task", max_attempts = 1)]
fn named() -> io::Result<()> {
    super::busy()
}

#[retry_worker(attempt = n)]
async fn numbered(script: &Script<u32, io::Error>, log: &mut Vec<u32>) -> io::Result<u32> {
    log.push(n);
    let owned = async move { n };
    script.next()?;
    Ok(owned.await)
}

#[retry_worker(attempt = n)]
fn numbered_sync(script: &Script<u32, io::Error>, log: &mut Vec<u32>) -> io::Result<u32> {
    log.push(n);
    script.next()?;
    Ok(n)
}

#[retry_worker(max_attempts = 3)]
fn inner(attempts: &mut u32) -> io::Result<()> {
    *attempts += 1;
    super::busy()
}

#[retry_api(max_attempts = 2)]
fn by_default(attempts: &mut u32) -> io::Result<()> {
    inner(attempts)
}

#[retry_api(max_attempts = 2, nested = "stop")]
fn stopping(attempts: &mut u32) -> io::Result<()> {
    inner(attempts)
}

#[retry_api(max_attempts = 2, nested = "multiply")]
fn multiplying(attempts: &mut u32) -> io::Result<()> {
    inner(attempts)
}

/// Where a crate re-exports everything that a user needs.
mod framework {
    pub(super) mod retries {
        pub(crate) use retry_core::*;
    }
}

#[framework::retries::retry_api(crate = crate::arguments::identity::framework::retries, timeout = "1s", min_wait = "1s", policy = "FLOW_NODE_DEFAULT", nested = "stop", retry_if = |_| true)]
async fn through_another_crate(script: &Script<u32, io::Error>, key: String) -> io::Result<u32> {
    let _ = key;
    script.next()
}

#[framework::retries::retry_api(crate = framework::retries, max_attempts = "unlimited")]
fn through_another_crate_sync(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[test]
fn the_name_is_what_is_reported() {
    let recorder = Recorder::install();
    assert!(named().is_err());
    let messages = recorder.messages();
    assert!(
        messages.contains(
            &"ERROR Retry exhausted after 1/1 attempts for load task: resource busy".to_owned()
        ),
        "{messages:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_body_knows_its_attempt() -> io::Result<()> {
    let (script, mut log) = (busy_times(2), Vec::new());
    assert_eq!(sendable(numbered(&script, &mut log)).await?, 3);
    assert_eq!(log, [1, 2, 3]);
    Ok(())
}

#[test]
fn the_body_knows_its_attempt_sync() -> io::Result<()> {
    let (_no_wait, mut log) = (no_wait(), Vec::new());
    assert_eq!(numbered_sync(&busy_times(2), &mut log)?, 3);
    assert_eq!(log, [1, 2, 3]);
    Ok(())
}

#[test]
fn inner_attempts_are_multiplied_only_on_demand() {
    let _no_wait = no_wait();
    for (call, expected) in [
        (by_default as fn(&mut u32) -> _, 3),
        (stopping, 3),
        (multiplying, 6),
    ] {
        let mut attempts = 0;
        assert!(call(&mut attempts).is_err());
        assert_eq!(attempts, expected);
    }
}

#[tokio::test(start_paused = true)]
async fn by_the_path_of_another_crate() -> io::Result<()> {
    let script = busy_once();
    assert_eq!(
        sendable(through_another_crate(&script, String::new())).await?,
        7
    );
    let _no_wait = no_wait();
    assert_eq!(through_another_crate_sync(&busy_once())?, 7);
    Ok(())
}
