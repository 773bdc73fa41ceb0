//! How an attempt ends: `?`, `return`, a tail, a loop's break, and what the compiler must infer.

use std::io;
use std::num::ParseIntError;

use retry_core::retry_scheduler;
use retry_core::testing::{Script, no_wait};
use retry_tests::{busy_once, sendable};

#[derive(Debug, PartialEq)]
enum Fault {
    Busy,
    Parse,
}

impl From<io::Error> for Fault {
    fn from(_: io::Error) -> Self {
        Self::Busy
    }
}

impl From<ParseIntError> for Fault {
    fn from(_: ParseIntError) -> Self {
        Self::Parse
    }
}

#[retry_scheduler]
async fn question_mark(script: &Script<u32, io::Error>, text: &str) -> Result<u32, Fault> {
    let parsed: u32 = text.parse()?;
    Ok(script.next()? + parsed)
}

#[retry_scheduler]
fn question_mark_sync(script: &Script<u32, io::Error>, text: &str) -> Result<u32, Fault> {
    let parsed: u32 = text.parse()?;
    Ok(script.next()? + parsed)
}

#[retry_scheduler]
async fn early(script: &Script<u32, io::Error>, paused: bool) -> Result<Option<u32>, io::Error> {
    if paused {
        return Ok(None);
    }
    let Ok(seven) = script.next() else {
        return Err(io::ErrorKind::ResourceBusy.into());
    };
    Ok(Some(seven))
}

#[retry_scheduler]
fn early_sync(script: &Script<u32, io::Error>, paused: bool) -> Result<Option<u32>, io::Error> {
    if paused {
        return Ok(None);
    }
    let Ok(seven) = script.next() else {
        return Err(io::ErrorKind::ResourceBusy.into());
    };
    Ok(Some(seven))
}

/// Only the declared type says what `Ok(())`, `collect` and `into` are.
#[retry_scheduler]
async fn inferred(script: &Script<u32, io::Error>, texts: &[&str]) -> Result<(), Fault> {
    let all: Result<Vec<u32>, _> = texts.iter().map(|text| text.parse()).collect();
    if all?.is_empty() {
        return Ok(());
    }
    script.next()?;
    Ok(())
}

#[retry_scheduler]
fn inferred_sync(script: &Script<u32, io::Error>, texts: &[&str]) -> Result<Vec<u32>, Fault> {
    script.next()?;
    Ok(texts
        .iter()
        .map(|text| text.parse())
        .collect::<Result<_, _>>()?)
}

#[retry_scheduler]
async fn converted(script: &Script<u32, io::Error>) -> Result<Box<str>, Box<str>> {
    match script.next() {
        Ok(seven) => Ok(seven.to_string().into()),
        Err(error) => Err(error.to_string().into()),
    }
}

#[retry_scheduler]
async fn by_break(script: &Script<u32, io::Error>) -> io::Result<u32> {
    let mut rounds = 0;
    'outer: loop {
        loop {
            rounds += 1;
            if rounds == 3 {
                break 'outer;
            }
            if rounds % 2 == 0 {
                continue 'outer;
            }
        }
    }
    let seven = 'found: {
        if rounds == 3 {
            break 'found script.next()?;
        }
        0
    };
    Ok(seven + rounds)
}

#[retry_scheduler]
fn by_break_sync(script: &Script<u32, io::Error>) -> io::Result<u32> {
    'outer: loop {
        for rounds in 1.. {
            if rounds == 3 {
                break 'outer script.next().map(|seven| seven + rounds);
            }
        }
    }
}

#[retry_scheduler]
async fn only_returns(script: &Script<u32, io::Error>) -> io::Result<u32> {
    return script.next();
}

#[retry_scheduler]
fn only_fails(script: &Script<u32, io::Error>) -> io::Result<u32> {
    Err(script
        .next()
        .err()
        .unwrap_or_else(|| io::ErrorKind::NotFound.into()))
}

#[retry_scheduler]
fn never_returns(script: &Script<u32, io::Error>) -> io::Result<u32> {
    panic!("{:?}", script.next().map_err(|error| error.kind()))
}

#[tokio::test(start_paused = true)]
async fn by_question_mark() -> Result<(), Fault> {
    assert_eq!(sendable(question_mark(&busy_once(), "1")).await?, 8);
    let script = busy_once();
    assert_eq!(question_mark(&script, "x").await, Err(Fault::Parse));
    assert_eq!(script.attempts(), 0);
    Ok(())
}

#[test]
fn by_question_mark_sync() -> Result<(), Fault> {
    let _no_wait = no_wait();
    assert_eq!(question_mark_sync(&busy_once(), "1")?, 8);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn by_return() -> io::Result<()> {
    assert_eq!(sendable(early(&busy_once(), false)).await?, Some(7));
    assert_eq!(early(&busy_once(), true).await?, None);
    assert_eq!(sendable(only_returns(&busy_once())).await?, 7);
    Ok(())
}

#[test]
fn by_return_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    assert_eq!(early_sync(&busy_once(), false)?, Some(7));
    assert_eq!(early_sync(&busy_once(), true)?, None);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn with_inferred_types() -> Result<(), Fault> {
    let script = busy_once();
    sendable(inferred(&script, &["1"])).await?;
    assert_eq!(script.attempts(), 2);
    assert_eq!(sendable(converted(&busy_once())).await.as_deref(), Ok("7"));
    Ok(())
}

#[test]
fn with_inferred_types_sync() -> Result<(), Fault> {
    let _no_wait = no_wait();
    assert_eq!(inferred_sync(&busy_once(), &["1", "2"])?, [1, 2]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn with_labels() -> io::Result<()> {
    assert_eq!(sendable(by_break(&busy_once())).await?, 10);
    Ok(())
}

#[test]
fn with_labels_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    assert_eq!(by_break_sync(&busy_once())?, 10);
    Ok(())
}

#[test]
fn with_an_error_alone() {
    let _no_wait = no_wait();
    let error = only_fails(&busy_once()).expect_err("it always fails");
    assert_eq!(error.kind(), io::ErrorKind::NotFound);
}

#[test]
#[should_panic(expected = "Err(ConnectionRefused)")]
fn a_panic_is_no_failure_to_retry() {
    let _ = never_returns(&busy_once());
}
