//! `retry_if` and `retry_on_ok`.

use std::io;
use std::time::Duration;

use retry_core::testing::{Recorder, Script, VirtualClock, no_wait};
use retry_core::{Verdict, retry_api, retry_storage};
use retry_tests::sendable;

#[derive(Clone, Debug, PartialEq)]
enum ApiError {
    Busy,
    Slow(u64),
    Gone,
}

impl ApiError {
    fn is_busy(&self) -> bool {
        matches!(self, Self::Busy)
    }

    fn verdict(&self) -> Verdict {
        match self {
            Self::Busy => Verdict::Retry,
            Self::Slow(seconds) => Verdict::RetryAfter(Duration::from_secs(*seconds)),
            Self::Gone => Verdict::Stop,
        }
    }
}

fn only(wanted: ApiError) -> impl Fn(&ApiError) -> bool {
    move |error| *error == wanted
}

/// Functions of one script, each with its arguments.
macro_rules! scripted {
    ($($name:ident $arguments:tt;)*) => {
        $(
            #[retry_api $arguments]
            fn $name(script: &Script<u32, ApiError>) -> Result<u32, ApiError> {
                script.next()
            }
        )*
    };
}

scripted! {
    closure(retry_if = |error: &ApiError| error.is_busy());
    untyped(retry_if = |error| matches!(error, ApiError::Busy));
    pattern(retry_if = |(ApiError::Busy | ApiError::Slow(_) | ApiError::Gone)| false);
    path(retry_if = ApiError::is_busy);
    call(retry_if = only(ApiError::Busy));
    verdict(retry_if = ApiError::verdict);
    verdict_by_closure(retry_if = |error: &ApiError| match error {
        ApiError::Busy => Verdict::Retry,
        _ => Verdict::Stop,
    });
}

#[retry_api(retry_if = |error| error == wanted)]
fn capturing(script: &Script<u32, ApiError>, wanted: &ApiError) -> Result<u32, ApiError> {
    script.next()
}

#[retry_api(retry_if = predicate)]
fn parameter(
    script: &Script<u32, ApiError>,
    predicate: impl Fn(&ApiError) -> bool,
) -> Result<u32, ApiError> {
    script.next()
}

struct Client {
    patient: bool,
    script: Script<u32, ApiError>,
}

impl Client {
    fn waits_for(&self, error: &ApiError) -> bool {
        self.patient && error.is_busy()
    }

    #[retry_api(retry_if = |error: &ApiError| self.waits_for(error))]
    async fn ask(&mut self) -> Result<u32, ApiError> {
        self.script.next()
    }

    #[retry_api(retry_if = |error: &ApiError| self.waits_for(error))]
    fn ask_sync(&mut self) -> Result<u32, ApiError> {
        self.script.next()
    }
}

#[retry_storage(retry_on_ok = |value| *value < 3)]
async fn until_three(script: &Script<u32, io::Error>) -> io::Result<u32> {
    script.next()
}

#[retry_storage(retry_on_ok = Option::is_none, max_attempts = 3)]
fn until_some(script: &Script<Option<u32>, io::Error>) -> io::Result<Option<u32>> {
    script.next()
}

#[retry_storage(retry_on_ok = under(limit))]
fn until(script: &Script<u32, io::Error>, limit: u32) -> io::Result<u32> {
    script.next()
}

fn under(limit: u32) -> impl Fn(&u32) -> bool {
    move |value| *value < limit
}

#[test]
fn every_form() {
    let _no_wait = no_wait();
    for call in [closure, untyped, path, call, verdict, verdict_by_closure] {
        let script = Script::new([Err(ApiError::Busy), Ok(7)]);
        assert_eq!(call(&script), Ok(7));
        let script = Script::new([Err(ApiError::Busy), Err(ApiError::Gone)]);
        assert_eq!(call(&script), Err(ApiError::Gone));
        assert_eq!(script.left(), 0);
    }
    let script = Script::new([Err(ApiError::Busy)]);
    assert_eq!(pattern(&script), Err(ApiError::Busy));
    let script = Script::new([Err(ApiError::Busy), Ok(7)]);
    assert_eq!(capturing(&script, &ApiError::Busy), Ok(7));
    let script = Script::new([Err(ApiError::Busy), Ok(7)]);
    assert_eq!(parameter(&script, only(ApiError::Busy)), Ok(7));
}

#[test]
fn a_verdict_names_the_wait() {
    let clock = VirtualClock::install();
    let script = Script::new([Err(ApiError::Slow(20)), Ok(7)]);
    assert_eq!(verdict(&script), Ok(7));
    let (least, most) = (Duration::from_secs(20), Duration::from_secs(22));
    assert!(
        (least..=most).contains(&clock.elapsed()),
        "{:?}",
        clock.slept()
    );
}

#[tokio::test(start_paused = true)]
async fn of_the_receiver() {
    for (patient, outcome) in [(true, Ok(7)), (false, Err(ApiError::Busy))] {
        let script = || Script::new([Err(ApiError::Busy), Ok(7)]);
        let mut client = Client {
            patient,
            script: script(),
        };
        assert_eq!(sendable(client.ask()).await, outcome);
        let _no_wait = no_wait();
        client.script = script();
        assert_eq!(client.ask_sync(), outcome);
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_that_is_not_good_enough() -> io::Result<()> {
    let recorder = Recorder::install();
    let script = Script::new([Ok(1), Err(io::ErrorKind::ResourceBusy.into()), Ok(2), Ok(3)]);
    assert_eq!(sendable(until_three(&script)).await?, 3);
    assert_eq!(
        recorder.messages().last().map(String::as_str),
        Some("INFO Retry succeeded on attempt 4/5 for until_three")
    );
    Ok(())
}

#[test]
fn the_last_value_comes_back_good_or_not_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    let script = Script::new([Ok(None), Ok(None), Ok(None)]);
    assert_eq!(until_some(&script)?, None);
    assert_eq!(script.left(), 0);
    let script = Script::new([Ok(1), Ok(2)]);
    assert_eq!(until(&script, 2)?, 2);
    Ok(())
}
