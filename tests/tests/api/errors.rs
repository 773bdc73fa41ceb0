//! Error types: each is judged, and printed, as well as it allows.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::io;

use retry_core::testing::{Recorder, Script, no_wait};
use retry_core::{Classify, Judgement, RetryError, retry_api};
use retry_tests::sendable;

/// The last message of a call that ended with an error.
fn last(recorder: &Recorder) -> String {
    recorder.messages().pop().unwrap_or_default()
}

#[derive(Debug, thiserror::Error)]
enum ApiError {
    #[error("cannot reach the service")]
    Unreachable(#[from] io::Error),
    #[error("{0}")]
    Limit(#[from] RetryError),
}

#[retry_api(timeout = "1s", max_attempts = 2)]
async fn of_a_source(script: &Script<u32, io::Error>) -> Result<u32, ApiError> {
    Ok(script.next()?)
}

#[retry_api(max_attempts = 2)]
fn of_a_source_sync(script: &Script<u32, io::Error>) -> Result<u32, ApiError> {
    Ok(script.next()?)
}

#[retry_api(max_attempts = 2, timeout = "1s")]
async fn boxed(script: &Script<u32, io::Error>) -> Result<u32, Box<dyn Error>> {
    Ok(script.next()?)
}

#[retry_api(max_attempts = 2)]
fn boxed_sync(script: &Script<u32, io::Error>) -> Result<u32, Box<dyn Error>> {
    Ok(script.next()?)
}

#[retry_api(max_attempts = 2)]
async fn boxed_for_threads(
    script: &Script<u32, io::Error>,
) -> Result<u32, Box<dyn Error + Send + Sync>> {
    Ok(script.next()?)
}

#[retry_api(max_attempts = 2, max_total_time = "1m")]
async fn anyhow(script: &Script<u32, io::Error>) -> anyhow::Result<u32> {
    use anyhow::Context as _;
    script.next().context("asking the service")
}

#[retry_api(max_attempts = 2)]
fn anyhow_sync(script: &Script<u32, io::Error>) -> anyhow::Result<u32> {
    use anyhow::Context as _;
    script.next().context("asking the service")
}

/// An error that borrows from the call's arguments.
#[derive(Debug, PartialEq)]
struct Refused<'a> {
    by: &'a str,
}

impl fmt::Display for Refused<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused by {}", self.by)
    }
}

impl Error for Refused<'_> {}

#[retry_api(max_attempts = 2)]
async fn borrowing<'a>(script: &Script<u32, ()>, by: &'a str) -> Result<u32, Refused<'a>> {
    tokio::task::yield_now().await;
    script.next().map_err(|()| Refused { by })
}

#[retry_api(max_attempts = 2)]
fn borrowing_sync<'a>(script: &Script<u32, ()>, by: &'a str) -> Result<u32, Refused<'a>> {
    script.next().map_err(|()| Refused { by })
}

#[retry_api(max_attempts = 2)]
fn borrowed_text(script: &Script<u32, ()>, by: &str) -> Result<u32, Cow<'static, str>> {
    script
        .next()
        .map_err(|()| format!("not found: {by}").into())
}

#[derive(Debug)]
struct OnlyDebug;

#[retry_api(max_attempts = 2)]
fn only_debug(script: &Script<u32, ()>) -> Result<u32, OnlyDebug> {
    script.next().map_err(|()| OnlyDebug)
}

struct Nothing;

#[retry_api(max_attempts = 2)]
fn nothing(script: &Script<u32, ()>) -> Result<u32, Nothing> {
    script.next().map_err(|()| Nothing)
}

#[retry_api(max_attempts = 2)]
fn unit(script: &Script<u32, ()>) -> Result<u32, ()> {
    script.next()
}

/// `Classify` wins over the text, which would be final.
#[derive(Debug)]
struct Busy;

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("404 not found")
    }
}

impl Classify for Busy {
    fn classify(&self) -> Judgement {
        Judgement::retry()
    }
}

#[retry_api(max_attempts = 2)]
fn classified(script: &Script<u32, Busy>) -> Result<u32, Busy> {
    script.next()
}

fn io_errors(kind: io::ErrorKind) -> Script<u32, io::Error> {
    Script::new([Err(kind.into()), Ok(7)])
}

#[tokio::test(start_paused = true)]
async fn the_source_decides() -> Result<(), ApiError> {
    assert_eq!(
        sendable(of_a_source(&io_errors(io::ErrorKind::ConnectionReset))).await?,
        7
    );
    let script = io_errors(io::ErrorKind::NotFound);
    assert!(of_a_source(&script).await.is_err());
    assert_eq!(script.attempts(), 1);
    Ok(())
}

#[test]
fn the_source_decides_sync() -> Result<(), ApiError> {
    let _no_wait = no_wait();
    assert_eq!(
        of_a_source_sync(&io_errors(io::ErrorKind::ConnectionReset))?,
        7
    );
    let script = io_errors(io::ErrorKind::NotFound);
    assert!(of_a_source_sync(&script).is_err());
    assert_eq!(script.attempts(), 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn boxed_errors() -> Result<(), Box<dyn Error>> {
    assert_eq!(
        sendable(boxed(&io_errors(io::ErrorKind::ResourceBusy))).await?,
        7
    );
    let script = io_errors(io::ErrorKind::ResourceBusy);
    assert_eq!(
        sendable(boxed_for_threads(&script))
            .await
            .map_err(|error| error.to_string())?,
        7
    );
    assert_eq!(
        sendable(anyhow(&io_errors(io::ErrorKind::ResourceBusy))).await?,
        7
    );
    let script = io_errors(io::ErrorKind::NotFound);
    let recorder = Recorder::install();
    assert!(anyhow(&script).await.is_err());
    assert_eq!(script.attempts(), 1);
    assert_eq!(
        last(&recorder),
        "DEBUG Not retried: anyhow failed on attempt 1/2: asking the service"
    );
    Ok(())
}

#[test]
fn boxed_errors_sync() -> Result<(), Box<dyn Error>> {
    let _no_wait = no_wait();
    assert_eq!(boxed_sync(&io_errors(io::ErrorKind::ResourceBusy))?, 7);
    assert!(boxed_sync(&io_errors(io::ErrorKind::NotFound)).is_err());
    assert_eq!(anyhow_sync(&io_errors(io::ErrorKind::ResourceBusy))?, 7);
    assert!(anyhow_sync(&io_errors(io::ErrorKind::NotFound)).is_err());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_error_with_a_lifetime() {
    let by = "us".to_owned();
    let recorder = Recorder::install();
    let script = Script::new([Err(()), Err(())]);
    assert_eq!(
        sendable(borrowing(&script, &by)).await,
        Err(Refused { by: "us" })
    );
    assert_eq!(script.left(), 0);
    assert_eq!(
        last(&recorder),
        "ERROR Retry exhausted after 2/2 attempts for borrowing: refused by us"
    );
}

#[test]
fn an_error_with_a_lifetime_sync() {
    let _no_wait = no_wait();
    let by = "us".to_owned();
    assert_eq!(borrowing_sync(&Script::new([Err(()), Ok(7)]), &by), Ok(7));
}

#[test]
fn text_decides_where_there_is_nothing_better() {
    let script = Script::new([Err(()), Ok(7)]);
    assert_eq!(borrowed_text(&script, "us"), Err("not found: us".into()));
    let _no_wait = no_wait();
    assert!(classified(&Script::new([Err(Busy), Ok(7)])).is_ok());
}

#[test]
fn an_error_of_which_nothing_is_known_is_retried() {
    let _no_wait = no_wait();
    let recorder = Recorder::install();
    let failing = || Script::new([Err(()), Err(())]);
    assert!(only_debug(&failing()).is_err());
    assert_eq!(
        last(&recorder),
        "ERROR Retry exhausted after 2/2 attempts for only_debug: OnlyDebug"
    );
    assert!(nothing(&failing()).is_err());
    assert_eq!(
        last(&recorder),
        "ERROR Retry exhausted after 2/2 attempts for nothing: api::api::errors::Nothing"
    );
    assert_eq!(unit(&failing()), Err(()));
    assert_eq!(
        last(&recorder),
        "ERROR Retry exhausted after 2/2 attempts for unit: ()"
    );
}
