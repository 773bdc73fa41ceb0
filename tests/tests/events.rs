//! The reports of a call, text by text and field by field.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use retry_core::testing::{Recorder, Script, VirtualClock, no_wait};
use retry_core::{
    Classify, Jitter, Judgement, Retry, RetryPolicy, execute_with_retry, retry_storage,
};

const FIXED: RetryPolicy = RetryPolicy::new(5)
    .with_backoff_ms(800)
    .with_max_wait(Duration::from_secs(60))
    .with_jitter(Jitter::None);

#[retry_storage(policy = FIXED)]
fn load_task(script: &Script<u32, &'static str>) -> Result<u32, &'static str> {
    script.next()
}

/// The messages of one call, without the DEBUG one of the policy.
fn messages(recorder: &Recorder) -> Vec<String> {
    let mut messages = recorder.messages();
    messages.retain(|message| !message.starts_with("DEBUG Retry policy"));
    messages
}

#[test]
fn a_first_attempt_that_succeeds_says_nothing() {
    let recorder = Recorder::install();
    assert_eq!(load_task(&Script::new([Ok(1)])), Ok(1));
    assert_eq!(recorder.messages(), [""; 0]);
}

#[test]
fn a_recovery_tells_attempts_waits_and_success() {
    let _clock = VirtualClock::install();
    let recorder = Recorder::install();
    let script = Script::new([Err("connection reset"), Err("busy"), Ok(1)]);
    assert_eq!(load_task(&script), Ok(1));
    assert_eq!(
        messages(&recorder),
        [
            "WARN Retry attempt 1/5 for load_task failed: connection reset",
            "INFO Waiting 0.8s before retry attempt 2/5",
            "WARN Retry attempt 2/5 for load_task failed: busy",
            "INFO Waiting 0.8s before retry attempt 3/5",
            "INFO Retry succeeded on attempt 3/5 for load_task",
        ]
    );
    let events = recorder.events();
    let warned = events
        .iter()
        .find(|event| event.message.contains("attempt 2/5 for"))
        .expect("told");
    for (field, value) in [
        ("operation", "load_task"),
        ("class", "storage"),
        ("attempt", "2"),
        ("max_attempts", "5"),
        ("wait_ms", "800"),
        ("elapsed_ms", "800"),
        ("outcome", "retry"),
        ("error", "busy"),
    ] {
        assert_eq!(warned.fields[field], value, "{field}");
    }
    assert_eq!(events.last().expect("told").fields["outcome"], "success");
}

#[test]
fn the_last_failure_is_the_error_alone() {
    let _no_wait = no_wait();
    let recorder = Recorder::install();
    let outcome = Retry::new(FIXED.with_max_attempts(2))
        .name("load")
        .run(|| Err::<(), _>("busy"));
    assert_eq!(outcome, Err("busy"));
    assert_eq!(
        recorder.messages(),
        [
            "WARN Retry attempt 1/2 for load failed: busy",
            "INFO Waiting 0.8s before retry attempt 2/2",
            "ERROR Retry exhausted after 2/2 attempts for load: busy",
        ]
    );
}

#[test]
fn what_is_not_retryable_is_debug_at_first_and_warn_later() {
    let _no_wait = no_wait();
    let recorder = Recorder::install();
    let script = Script::new([Err("404 not found")]);
    assert!(load_task(&script).is_err());
    let script = Script::new([Err("busy"), Err("404 not found")]);
    assert!(load_task(&script).is_err());
    let messages = messages(&recorder);
    assert_eq!(
        messages[0],
        "DEBUG Not retried: load_task failed on attempt 1/5: 404 not found"
    );
    assert_eq!(
        messages[3],
        "WARN Not retried: load_task failed on attempt 2/5: 404 not found"
    );
}

#[test]
fn short_waits_print_in_milliseconds_and_endless_attempts_as_unlimited() {
    let _no_wait = no_wait();
    let recorder = Recorder::install();
    let policy = FIXED.with_backoff_ms(80).with_unlimited_attempts();
    let script = Script::new([Err("busy"), Ok(())]);
    assert_eq!(
        Retry::new(policy).name("load").run(|| script.next()),
        Ok(())
    );
    assert_eq!(
        recorder.messages(),
        [
            "WARN Retry attempt 1/unlimited for load failed: busy",
            "INFO Waiting 80ms before retry attempt 2/unlimited",
            "INFO Retry succeeded on attempt 2/unlimited for load",
        ]
    );
}

#[test]
fn an_ad_hoc_call_goes_by_its_file_and_line() {
    let _no_wait = no_wait();
    let recorder = Recorder::install();
    let line = line!() + 1;
    let outcome = execute_with_retry(|| Err::<(), _>("busy"), &FIXED.with_max_attempts(1));
    assert!(outcome.is_err());
    let operation = format!("tests/tests/events.rs:{line}");
    let event = &recorder.events()[0];
    assert_eq!(event.fields["operation"], operation);
    assert_eq!(event.fields["class"], "ad_hoc");
}

/// Borrows, so it cannot be handed to a subscriber as it is.
#[derive(Debug)]
struct Refused<'a> {
    table: &'a str,
    source: std::io::Error,
}

impl fmt::Display for Refused<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read {}", self.table)
    }
}

impl Error for Refused<'_> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

#[retry_storage(max_attempts = 1)]
fn read_table<'a>(table: &'a str) -> Result<(), Refused<'a>> {
    Err(Refused {
        table,
        source: std::io::ErrorKind::ConnectionRefused.into(),
    })
}

#[test]
fn the_error_is_reported_with_its_chain_even_if_it_borrows() {
    let recorder = Recorder::install();
    let table = String::from("tasks");
    assert!(read_table(&table).is_err());
    let events = recorder.events();
    let event = events.last().expect("an ERROR");
    assert_eq!(event.level, tracing::Level::ERROR);
    assert_eq!(
        event.error_chain,
        ["cannot read tasks", "connection refused"]
    );
}

#[derive(Debug)]
struct Bare;

/// Neither displayed nor debugged.
struct Nameless;

#[retry_storage(max_attempts = 1)]
fn fails_bare() -> Result<(), Bare> {
    Err(Bare)
}

#[retry_storage(max_attempts = 1)]
fn fails_nameless() -> Result<(), Nameless> {
    Err(Nameless)
}

#[test]
fn an_error_without_display_prints_as_debug_else_as_its_type() {
    let recorder = Recorder::install();
    assert!(fails_bare().is_err());
    assert!(fails_nameless().is_err());
    let messages = messages(&recorder);
    assert_eq!(
        messages[0],
        "ERROR Retry exhausted after 1/1 attempts for fails_bare: Bare"
    );
    assert!(
        messages[1].ends_with("for fails_nameless: events::Nameless"),
        "{}",
        messages[1]
    );
}

/// Asks for a wait.
#[derive(Debug)]
struct Throttled(Duration);

impl fmt::Display for Throttled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("throttled")
    }
}

impl Classify for Throttled {
    fn classify(&self) -> Judgement {
        Judgement::retry_after(self.0).with_kind("throttled")
    }
}

#[test]
fn a_hint_is_a_floor_that_may_pass_the_cap_and_spreads_upward_by_a_tenth() {
    let hint = Duration::from_secs(30);
    let policy = FIXED.with_max_wait(Duration::from_secs(1));
    let mut waits = Vec::new();
    for _ in 0..100 {
        let clock = VirtualClock::install();
        let script = Script::new([Err(Throttled(hint)), Ok(())]);
        assert!(execute_with_retry(|| script.next(), &policy).is_ok());
        waits.extend(clock.slept());
    }
    waits.sort();
    assert!(
        waits[0] >= hint && waits[99] <= hint.mul_f64(1.1),
        "{waits:?}"
    );
    assert!(
        waits[99] - waits[0] > Duration::from_secs(1),
        "{waits:?} do not spread"
    );
}

#[test]
fn a_hint_that_is_too_long_ends_the_call_at_once() {
    let clock = VirtualClock::install();
    let recorder = Recorder::install();
    let outcome = Retry::new(FIXED)
        .name("load")
        .run(|| Err::<(), _>(Throttled(Duration::from_secs(61))));
    assert!(outcome.is_err());
    assert_eq!(clock.slept(), []);
    assert_eq!(
        recorder.messages(),
        ["WARN Retry stopped on attempt 1/5 for load (server hint): throttled"]
    );
}

#[test]
fn a_hint_that_does_not_fit_in_what_is_left_ends_the_call_at_once() {
    let clock = VirtualClock::install();
    let recorder = Recorder::install();
    let outcome = Retry::new(FIXED)
        .name("load")
        .max_total_time(Duration::from_secs(20))
        .run(|| Err::<(), _>(Throttled(Duration::from_secs(25))));
    assert!(outcome.is_err());
    assert_eq!(clock.slept(), []);
    assert_eq!(recorder.messages().len(), 1);
    assert!(recorder.messages()[0].contains("(server hint)"));
}

#[test]
fn arguments_are_never_logged() {
    #[retry_storage(max_attempts = 2, min_wait = 0, jitter = "none")]
    fn login(user: &str, password: String) -> Result<(), String> {
        let _ = (user, password.len());
        Err("busy".to_owned())
    }
    let _no_wait = no_wait();
    let recorder = Recorder::install();
    assert!(login("ann", "hunter2".to_owned()).is_err());
    let all = format!("{:?}", recorder.events());
    assert!(!all.contains("hunter2") && !all.contains("ann\""), "{all}");
}

#[test]
fn the_resolved_policy_is_told_once_with_where_each_value_came_from() {
    #[retry_storage(min_wait = "2s")]
    fn told_once() -> Result<(), &'static str> {
        Err("busy")
    }
    let _no_wait = no_wait();
    let recorder = Recorder::install();
    assert!(told_once().is_err());
    assert!(told_once().is_err());
    let told: Vec<_> = recorder
        .messages()
        .into_iter()
        .filter(|message| message.starts_with("DEBUG"))
        .collect();
    assert_eq!(
        told,
        [
            "DEBUG Retry policy of told_once: max_attempts=5 (default), min_wait=2.0s (argument), \
          max_wait=5.0s (default), backoff=Exponential(2.0) (default), jitter=Equal (default)"
        ]
    );
}
