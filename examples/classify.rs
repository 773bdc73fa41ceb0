//! The judgement of errors: which are worth another attempt, and how to judge your own.
//!
//! ```text
//! cargo run -p retry-examples --bin classify
//! ```
//!
//! In this order: `retry_if`; the error's own `Classify`; the first known error in its source chain
//! (`io::Error`, and behind features those of reqwest, tonic, sqlx, tokio-postgres, redis); its
//! text. Each row of the table is a call of an annotated function that fails; the last column shows
//! the attribute's reaction.
#![expect(clippy::print_stdout, reason = "an example talks to a person")]

use std::error::Error;
use std::fmt;
use std::io::{self, ErrorKind};
use std::time::Duration;

use retry_core::testing::{Script, VirtualClock};
use retry_core::{Classify, Judgement, Verdict, execute_with_retry, retry_api, retry_storage};

fn main() {
    println!("{:<33} {:<36} judged", "error type", "error");
    println!("{}", "-".repeat(91));
    known_errors();
    errors_around_known_ones();
    texts();
    own_verdicts();
    predicates();
    without_an_attribute();
}

/// `io::Error` is judged by its kind: whether another attempt is worth it and, apart from that,
/// whether it is proved that nothing happened. After *refused*, nothing has happened. After *reset*
/// or *timed out*, the effect may have happened: a plain retry tries again, the gate does not. A
/// missing file stays missing.
fn known_errors() {
    #[retry_storage]
    fn call(script: &Script<(), io::Error>) -> io::Result<()> {
        script.next()
    }
    for (kind, verdict, is_not_applied) in [
        (ErrorKind::ConnectionRefused, Verdict::Retry, true),
        (ErrorKind::ConnectionReset, Verdict::Retry, false),
        (ErrorKind::TimedOut, Verdict::Retry, false),
        (ErrorKind::NotFound, Verdict::Stop, true),
        (ErrorKind::PermissionDenied, Verdict::Stop, true),
    ] {
        let judgement = io::Error::from(kind).classify();
        assert_eq!(judgement.verdict(), verdict);
        assert_eq!(judgement.is_not_applied(), is_not_applied);
        row("io::Error", || kind.into(), call, verdict != Verdict::Stop);
    }
}

/// An error without a line about retries: the source chain decides, then the text.
#[derive(Debug, thiserror::Error)]
enum StoreError {
    #[error("cannot read the index")]
    Io(#[from] io::Error),
    #[error("shard {0} is moving")]
    Moving(u32),
    #[error("record {0} is invalid")]
    Corrupt(u32),
}

fn errors_around_known_ones() {
    #[retry_storage]
    fn typed(script: &Script<(), StoreError>) -> Result<(), StoreError> {
        script.next()
    }
    #[retry_storage]
    fn boxed(script: &Script<(), Box<dyn Error>>) -> Result<(), Box<dyn Error>> {
        script.next()
    }
    // With the feature `anyhow`, under any number of contexts.
    #[retry_storage]
    fn any(script: &Script<(), anyhow::Error>) -> anyhow::Result<()> {
        script.next()
    }
    for (kind, retried) in [
        (ErrorKind::ConnectionRefused, true),
        (ErrorKind::NotFound, false),
    ] {
        let error = || StoreError::Io(kind.into());
        row(&format!("enum around {kind}"), error, typed, retried);
        row(
            &format!("box around {kind}"),
            || error().into(),
            boxed,
            retried,
        );
        let any_error = || anyhow::Error::new(error()).context("cannot load task 7");
        row(&format!("anyhow around {kind}"), any_error, any, retried);
    }
    row("enum, by its text", || StoreError::Moving(3), typed, true);
    row("enum, by its text", || StoreError::Corrupt(9), typed, false);
}

/// A text is final if it contains permission, unauthorized, forbidden, not found, invalid,
/// authentication, validation, or a status such as 404 as a separate number.
fn texts() {
    #[retry_api]
    fn call(script: &Script<(), String>) -> Result<(), String> {
        script.next()
    }
    for (text, retried) in [
        ("server busy", true),
        ("HTTP 503", true),
        ("HTTP 404", false),
        ("no answer on port 4040 after 400 ms", true),
        ("Permission denied", false),
    ] {
        row("String", || text.to_owned(), call, retried);
    }
}

/// An error that carries more information than its text.
#[derive(Debug, thiserror::Error)]
enum ApiError {
    #[error("too many requests, come back in {0:?}")]
    TooMany(Duration),
    #[error("the forbidden city is crowded")]
    Crowded,
    #[error("out of credit")]
    NoCredit,
}

impl Classify for ApiError {
    fn classify(&self) -> Judgement {
        // The kind is the label under which statistics and metrics count the error.
        match self {
            Self::TooMany(wait) => Judgement::retry_after(*wait).with_kind("too_many_requests"),
            Self::Crowded => Judgement::retry().with_kind("crowded"),
            Self::NoCredit => Judgement::stop().with_kind("no_credit"),
        }
    }
}

fn own_verdicts() {
    #[retry_api]
    fn call(script: &Script<(), ApiError>) -> Result<(), ApiError> {
        script.next()
    }
    let too_many = || ApiError::TooMany(Duration::from_secs(20));
    let waited = row("own Classify", too_many, call, true);
    assert!(waited >= Duration::from_secs(20), "a hint is a floor");
    row("own Classify", || ApiError::Crowded, call, true);
    row("own Classify", || ApiError::NoCredit, call, false);
    assert_eq!(ApiError::NoCredit.classify().kind(), "no_credit");
}

/// `retry_if` takes precedence, for one function.
fn predicates() {
    #[retry_api(retry_if = |error: &ApiError| matches!(error, ApiError::NoCredit))]
    fn by_bool(script: &Script<(), ApiError>) -> Result<(), ApiError> {
        script.next()
    }
    row("retry_if, bool", || ApiError::NoCredit, by_bool, true);
    row("retry_if, bool", || ApiError::Crowded, by_bool, false);

    #[retry_storage(retry_if = |error: &io::Error| match error.kind() {
        ErrorKind::NotFound => Verdict::RetryAfter(Duration::from_secs(2)),
        _ => error.classify().verdict(),
    })]
    fn by_verdict(script: &Script<(), io::Error>) -> io::Result<()> {
        script.next()
    }
    row(
        "retry_if, Verdict",
        || ErrorKind::NotFound.into(),
        by_verdict,
        true,
    );
    row(
        "retry_if, Verdict",
        || ErrorKind::StorageFull.into(),
        by_verdict,
        false,
    );
}

/// An error with `Display` only, which is enough for an attribute. The functions and the builder
/// need `Classify`, which is one line, and judges by the text.
#[derive(Debug)]
struct Plain(&'static str);

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Classify for Plain {}

fn without_an_attribute() {
    let call = |script: &Script<(), Plain>| {
        execute_with_retry(|| script.next(), &retry_core::FLOW_NODE_DEFAULT)
    };
    row("one-line Classify", || Plain("server busy"), call, true);
    row(
        "one-line Classify",
        || Plain("401 unauthorized"),
        call,
        false,
    );
}

/// Lets `call` fail with `error`, prints its reaction and returns its first wait.
fn row<E: fmt::Display>(
    name: &str,
    error: impl Fn() -> E,
    call: impl Fn(&Script<(), E>) -> Result<(), E>,
    retried: bool,
) -> Duration {
    // No real time passes: the clock only moves when a call sleeps on it.
    let clock = VirtualClock::install();
    let script = Script::new([Err(error()), Ok(())]);
    let outcome = call(&script);
    let wait = clock.elapsed();
    let judged = if script.attempts() == 1 {
        "final".to_owned()
    } else {
        format!("retried after {:.1} s", wait.as_secs_f64())
    };
    println!("{name:<33} {:<36} {judged}", error().to_string());
    assert_eq!((outcome.is_ok(), script.attempts() > 1), (retried, retried));
    wait
}
