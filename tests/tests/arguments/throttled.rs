//! `throttled(min_wait = ..)`: the waits after an answer like "too many requests", beside the others.

use std::fmt;
use std::time::Duration;

use retry_core::testing::{Recorder, Script, VirtualClock};
use retry_core::{
    Classify, Judgement, RetryError, RetrySettings, Verdict, retry_api, retry_storage,
};
use retry_tests::alone;

const SECOND: Duration = Duration::from_secs(1);

/// An error of a service, as it answers.
#[derive(Clone, Debug)]
enum Answer {
    Lost,
    TooMany,
    TooManyFor(Duration),
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failed")
    }
}

impl Classify for Answer {
    fn classify(&self) -> Judgement {
        match self {
            Self::Lost => Judgement::retry(),
            Self::TooMany => Judgement::retry().throttle(),
            Self::TooManyFor(wait) => Judgement::retry_after(*wait),
        }
    }
}

impl From<RetryError> for Answer {
    fn from(_: RetryError) -> Self {
        Self::Lost
    }
}

use Answer::{Lost, TooMany, TooManyFor};

type Answers = Script<(), Answer>;

#[retry_api(
    max_attempts = 6,
    min_wait = "100ms",
    throttled(min_wait = "1s"),
    max_wait = "5s",
    jitter = "none"
)]
fn mixed(answers: &Answers) -> Result<(), Answer> {
    answers.next()
}

#[retry_storage(max_attempts = 3, throttled(min_wait = wait), jitter = "none")]
fn evaluated(answers: &Answers, wait: Duration) -> Result<(), Answer> {
    answers.next()
}

#[retry_storage(
    max_attempts = 3,
    throttled(min_wait = "3s"),
    jitter = "none",
    retry_if = |text: &String| Verdict::from(text.contains("busy"))
)]
fn by_text(script: &Script<(), String>) -> Result<(), String> {
    script.next()
}

#[retry_api(
    throttled(min_wait = "2s"),
    jitter = "none",
    max_attempts = 2,
    timeout = "1h"
)]
async fn in_a_task(answers: &Answers) -> Result<(), Answer> {
    answers.next()
}

fn slept(call: impl FnOnce() -> bool) -> Vec<Duration> {
    let clock = VirtualClock::install();
    assert!(call(), "the script ends with a success");
    clock.slept()
}

fn millis(millis: &[u64]) -> Vec<Duration> {
    millis.iter().copied().map(Duration::from_millis).collect()
}

/// Each wait by the kind of the failure before it; both grow by the number of the retry.
#[test]
fn each_failure_waits_by_its_kind() {
    let answers = Answers::new([
        Err(Lost),
        Err(TooMany),
        Err(Lost),
        Err(TooMany),
        Err(TooMany),
        Ok(()),
    ]);
    let waits = slept(|| mixed(&answers).is_ok());
    assert_eq!(waits, millis(&[100, 2_000, 400, 5_000, 5_000]));
}

/// A server's wait is a floor of its own: the longer one counts.
#[test]
fn a_hint_and_the_longer_wait() {
    let short = TooManyFor(Duration::from_millis(10));
    let waits = slept(|| mixed(&Answers::new([Err(short), Ok(())])).is_ok());
    assert_eq!(waits, [SECOND]);
    let long = TooManyFor(4 * SECOND);
    let waits = slept(|| mixed(&Answers::new([Err(long), Ok(())])).is_ok());
    assert!((4 * SECOND..=5 * SECOND).contains(&waits[0]), "{waits:?}");
}

#[test]
fn an_expression_and_a_text() {
    let answers = Answers::new([Err(TooMany), Err(Lost), Ok(())]);
    let waits = slept(|| evaluated(&answers, 7 * SECOND).is_ok());
    // The class's `max_wait` of 5 s gives way.
    assert_eq!(waits, millis(&[7_000, 1_000]));
    let script = Script::new([
        Err("busy: rate limit exceeded".to_owned()),
        Err("busy".to_owned()),
        Ok(()),
    ]);
    assert_eq!(slept(|| by_text(&script).is_ok()), millis(&[3_000, 1_000]));
}

#[tokio::test(start_paused = true)]
async fn in_an_async_call() {
    let began = tokio::time::Instant::now();
    assert!(
        in_a_task(&Answers::new([Err(TooMany), Ok(())]))
            .await
            .is_ok()
    );
    assert_eq!(began.elapsed(), 2 * SECOND);
}

/// An operator changes it, for a class or an operation, and its origin is shown. In a process of its own: the other
/// tests call the same operation.
#[test]
fn variables_and_origins() {
    if !alone("arguments::throttled::variables_and_origins", &[]) {
        return;
    }
    let variables = [
        ("RETRY__API_THROTTLED_MIN_WAIT", "9s"),
        ("RETRY__OP__MIXED__THROTTLED_MIN_WAIT", "4s"),
    ];
    RetrySettings::from_vars(variables)
        .expect("both are good")
        .install();
    let recorder = Recorder::install();
    let waits = slept(|| mixed(&Answers::new([Err(TooMany), Ok(())])).is_ok());
    assert_eq!(waits, [4 * SECOND]);
    let shown = recorder.messages().remove(0);
    let part = "max_wait=5.0s (argument), throttled min_wait=4.0s (operation variable), backoff";
    assert!(shown.contains(part), "{shown}");
}
