//! Names that could collide, raw ones, and functions that a `macro_rules!` writes.

use std::io;
use std::time::Duration;

use retry_core::retry_storage;
use retry_core::testing::{Recorder, Script, VirtualClock, no_wait};
use retry_tests::{busy_once, sendable};

#[retry_storage]
async fn r#match(script: &Script<u32, io::Error>, r#type: String) -> io::Result<String> {
    script.next()?;
    Ok(r#type)
}

#[retry_storage]
fn r#loop(script: &Script<u32, io::Error>, r#in: String) -> io::Result<String> {
    script.next()?;
    Ok(r#in)
}

/// The expansion's own names are not the body's.
#[retry_storage(timeout = "1s", retry_on_ok = |value| *value > 9000, on_retry = hook())]
async fn collisions(
    script: &Script<u32, io::Error>,
    call: u32,
    limits: u32,
    outcome: u32,
    ended: u32,
    error: u32,
    value: u32,
) -> io::Result<u32> {
    let (pause, pinned, carried, on_retry, timed_out) = (1, 1, 1, 1, 1);
    let own = call + limits + outcome + ended + error + value;
    Ok(script.next()? + own + pause + pinned + carried + on_retry + timed_out)
}

fn hook() -> impl Fn(retry_core::RetryEvent<'_, io::Error>) {
    |event| assert_eq!(event.attempt(), 1)
}

/// Names of the prelude mean here what the user made of them.
mod shadowed {
    #![allow(
        dead_code,
        non_camel_case_types,
        reason = "they only have to be in scope"
    )]

    use ::std::io;

    use ::retry_core::testing::Script;

    type Result<T> = io::Result<T>;
    struct Option;
    struct Some;
    struct None;
    struct Box;
    struct Fn;
    struct Send;
    mod std {}
    mod core {}
    mod retry_core {}

    #[::retry_core::retry_storage(max_total_time = "9s", min_wait = 1, attempt = n)]
    pub(super) async fn load(script: &Script<u32, io::Error>) -> Result<u32> {
        Ok(script.next()? + n)
    }

    #[::retry_core::retry_storage(max_total_time = "9s", min_wait = 1, attempt = n)]
    pub(super) fn load_sync(script: &Script<u32, io::Error>) -> Result<u32> {
        Ok(script.next()? + n)
    }
}

macro_rules! annotated {
    ($name:ident, $attempts:literal, $wait:expr, $key:ident: $type:ty, $body:block) => {
        #[retry_storage(max_attempts = $attempts, min_wait = $wait, jitter = "none")]
        fn $name(script: &Script<u32, io::Error>, $key: $type) -> io::Result<$type> {
            script.next()?;
            let _: u32 = $body;
            Ok($key)
        }
    };
    (async $name:ident, $attempts:literal, $wait:literal, $result:ty) => {
        #[retry_storage(max_attempts = $attempts, max_total_time = $wait)]
        async fn $name(script: &Script<u32, io::Error>, key: &mut String) -> $result {
            key.push('k');
            script.next()
        }
    };
}

annotated!(by_a_macro, 2, "1500ms", key: String, { 1 });
annotated!(by_a_macro_with_a_number, 2, 0.5, key: u64, { 1 });
annotated!(async by_a_macro_async, 2, "9s", io::Result<u32>);

#[tokio::test(start_paused = true)]
async fn raw_names() -> io::Result<()> {
    let recorder = Recorder::install();
    let script = busy_once();
    assert_eq!(sendable(r#match(&script, "t".to_owned())).await?, "t");
    let _no_wait = no_wait();
    assert_eq!(r#loop(&busy_once(), "t".to_owned())?, "t");
    let messages = recorder.messages();
    assert!(messages.contains(&"INFO Retry succeeded on attempt 2/5 for match".to_owned()));
    assert!(messages.contains(&"INFO Retry succeeded on attempt 2/5 for loop".to_owned()));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn names_of_the_expansion() -> io::Result<()> {
    assert_eq!(
        sendable(collisions(&busy_once(), 1, 1, 1, 1, 1, 1)).await?,
        18
    );
    assert_eq!(sendable(shadowed::load(&busy_once())).await?, 9);
    let _no_wait = no_wait();
    assert_eq!(shadowed::load_sync(&busy_once())?, 9);
    Ok(())
}

#[test]
fn functions_by_a_macro_sync() -> io::Result<()> {
    let clock = VirtualClock::install();
    assert_eq!(by_a_macro(&busy_once(), "k".to_owned())?, "k");
    assert_eq!(by_a_macro_with_a_number(&busy_once(), 5)?, 5);
    let waits = [Duration::from_millis(1500), Duration::from_millis(500)];
    assert_eq!(clock.slept(), waits);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn functions_by_a_macro() -> io::Result<()> {
    let (script, mut key) = (busy_once(), String::new());
    assert_eq!(sendable(by_a_macro_async(&script, &mut key)).await?, 7);
    assert_eq!(key, "kk");
    Ok(())
}
