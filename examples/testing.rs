//! Tests of annotated functions, without waiting for their retries.
//!
//! ```text
//! cargo run  -p retry-examples --bin testing
//! cargo test -p retry-examples --bin testing
//! ```
//!
//! The tools are those of `retry_core::testing` (feature `testing`, for `[dev-dependencies]`). Read
//! `#[cfg_attr(test, test)]` as `#[test]`: here `main` runs the tests as well, and they print.
#![cfg_attr(
    not(test),
    expect(clippy::print_stdout, reason = "an example talks to a person")
)]

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use retry_core::testing::{self, Recorder, Script, VirtualClock};
use retry_core::{OperationClass, RetrySettings, retry_api, retry_storage};

/// The part of a database that the application uses; a test replaces it by a script.
trait Database {
    fn get(&self, id: u64) -> io::Result<String>;
}

impl Database for Script<String, io::Error> {
    fn get(&self, _id: u64) -> io::Result<String> {
        self.next()
    }
}

/// Sync: between attempts the thread sleeps 0.5 s to 5 s.
#[retry_storage]
fn load_task(database: &impl Database, id: u64) -> io::Result<String> {
    database.get(id)
}

/// Async: between attempts tokio sleeps, and no attempt may take more than 10 s.
#[retry_api(timeout = "10s")]
async fn ask_model(model: &Script<Answer, String>, prompt: &str) -> Result<String, String> {
    match model.next()? {
        Answer::Text(text) => Ok(format!("{prompt} {text}")),
        Answer::Silence => std::future::pending().await,
    }
}

enum Answer {
    Text(&'static str),
    Silence,
}

/// A dependency that fails by a script, and waits that are skipped.
#[cfg_attr(test, test)]
fn comes_back_when_the_connection_does() {
    let _no_wait = testing::no_wait();
    let reset = || Err(ErrorKind::ConnectionReset.into());
    let database = Script::new([reset(), reset(), Ok("task 7".to_owned())]);

    let started = Instant::now();
    let loaded = load_task(&database, 7).expect("the third attempt succeeds");

    assert_eq!((loaded.as_str(), database.attempts()), ("task 7", 3));
    assert!(started.elapsed() < Duration::from_secs(1), "it waited");
    println!("{loaded:?} after 3 attempts in {:?}", started.elapsed());
}

/// That an error is *not* retried is worth a test too. A script panics at an attempt beyond its
/// outcomes, so that an attempt too many is noticed.
#[cfg_attr(test, test)]
fn a_missing_task_is_final() {
    let database = Script::new([Err(ErrorKind::NotFound.into())]);

    let error = load_task(&database, 7).expect_err("there is no such task");

    assert_eq!((error.kind(), database.left()), (ErrorKind::NotFound, 0));
    println!("{error} after {} attempt", database.attempts());
}

/// A clock that moves only when a call sleeps on it, and jitter that is known beforehand.
#[cfg_attr(test, test)]
fn waits_as_the_policy_says() {
    let clock = VirtualClock::install();
    let _seeded = testing::seed(42);
    let refused = || Err(ErrorKind::ConnectionRefused.into());
    let database = Script::new((0..5).map(|_| refused()));

    load_task(&database, 7).expect_err("it never succeeds");

    let policy = OperationClass::Storage.default_policy();
    assert_eq!(clock.slept(), policy.waits(42).collect::<Vec<_>>());
    println!("slept {:.1?}, in no time", clock.slept());
}

/// An async function needs no tool of this crate: it sleeps on tokio's clock, which can be paused.
/// That clock then jumps to the next timer as soon as no task can run.
#[cfg_attr(test, tokio::test(start_paused = true))]
async fn a_silent_model_is_given_up_after_ten_seconds() {
    let model = Script::new([Ok(Answer::Silence), Ok(Answer::Text("world"))]);
    let (started, really) = (tokio::time::Instant::now(), Instant::now());

    let answer = ask_model(&model, "hello").await;

    assert_eq!(answer.as_deref(), Ok("hello world"));
    assert!((11..=12).contains(&started.elapsed().as_secs()));
    assert!(really.elapsed() < Duration::from_secs(5), "it waited");
    println!("{answer:?} after {:.1?}, in no time", started.elapsed());
}

/// The reports of calls on this thread: texts for people, fields for programs.
#[cfg_attr(test, test)]
fn operators_are_told() {
    let _no_wait = testing::no_wait();
    let recorder = Recorder::install();
    let timed_out = || Err(ErrorKind::TimedOut.into());
    let database = Script::new([timed_out(), Ok("task 7".to_owned())]);

    load_task(&database, 7).expect("the second attempt succeeds");

    let events = recorder.events();
    let first = events
        .iter()
        .find(|event| event.fields.contains_key("error"))
        .expect("the first attempt failed");
    assert_eq!(
        first.message,
        "Retry attempt 1/5 for load_task failed: timed out"
    );
    assert_eq!(
        (&*first.fields["class"], &*first.fields["attempt"]),
        ("storage", "1")
    );
    let last = recorder.messages().pop();
    assert_eq!(
        last.as_deref(),
        Some("INFO Retry succeeded on attempt 2/5 for load_task")
    );
    println!("{:#?}", recorder.messages());
}

/// Settings from a list instead of the environment, which tests share that run side by side.
#[cfg_attr(test, test)]
fn the_variables_of_production_are_good() {
    let production = [
        ("RETRY__STORAGE_MAX_ATTEMPTS", "7"),
        ("RETRY__STORAGE_MAX_WAIT", "2s"),
    ];

    let settings = RetrySettings::from_vars(production).expect("they are valid");

    let policy = settings.policy(OperationClass::Storage);
    assert_eq!((policy.max_attempts(), policy.max_wait().as_secs()), (7, 2));
    println!(
        "{} attempts, {:?} at most",
        policy.max_attempts(),
        policy.max_wait()
    );
}

#[cfg(not(test))]
fn main() -> io::Result<()> {
    let paused = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    let silent_model = || paused.block_on(a_silent_model_is_given_up_after_ten_seconds());
    let tests: [(&str, &dyn Fn()); 6] = [
        ("no_wait and Script", &comes_back_when_the_connection_does),
        (
            "Script, and an error that is final",
            &a_missing_task_is_final,
        ),
        ("VirtualClock and seed", &waits_as_the_policy_says),
        ("paused tokio time", &silent_model),
        ("Recorder", &operators_are_told),
        (
            "RetrySettings::from_vars",
            &the_variables_of_production_are_good,
        ),
    ];
    for (tools, test) in tests {
        println!("\n{tools}:");
        test();
    }
    Ok(())
}
