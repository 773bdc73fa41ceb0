//! `#[tracing::instrument]` above and below: one span for all attempts, one report of the end.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use retry_core::retry_api;
use retry_core::testing::{Script, no_wait};
use retry_tests::{busy_once, sendable};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber, instrument};

fn push(log: &mut Vec<String>, key: String) {
    log.push(key);
}

#[instrument(skip_all)]
#[retry_api]
async fn above(
    script: &Script<u32, io::Error>,
    log: &mut Vec<String>,
    key: String,
) -> io::Result<u32> {
    let log = Some(log);
    tokio::task::yield_now().await;
    log.into_iter().for_each(|log| log.push(key.clone()));
    script.next()
}

#[instrument(skip_all)]
#[retry_api]
fn above_sync(
    script: &Script<u32, io::Error>,
    log: &mut Vec<String>,
    key: String,
) -> io::Result<u32> {
    push(log, key);
    script.next()
}

#[instrument(skip(script, log), err)]
#[retry_api]
async fn above_err(
    script: &Script<u32, io::Error>,
    log: &mut Vec<String>,
    key: String,
) -> io::Result<u32> {
    tokio::task::yield_now().await;
    push(log, key);
    script.next()
}

#[instrument(skip(script, log), err)]
#[retry_api]
fn above_err_sync(
    script: &Script<u32, io::Error>,
    log: &mut Vec<String>,
    key: String,
) -> io::Result<u32> {
    push(log, key);
    script.next()
}

#[instrument(skip(script, log), ret)]
#[retry_api]
async fn above_ret(
    script: &Script<u32, io::Error>,
    log: &mut Vec<String>,
    key: String,
) -> io::Result<u32> {
    tokio::task::yield_now().await;
    push(log, key);
    script.next()
}

#[instrument(skip(script, log), ret)]
#[retry_api]
fn above_ret_sync(
    script: &Script<u32, io::Error>,
    log: &mut Vec<String>,
    key: String,
) -> io::Result<u32> {
    push(log, key);
    script.next()
}

#[instrument(level = "info", skip(script, log), err, ret)]
#[retry_api]
async fn above_both(
    script: &Script<u32, io::Error>,
    log: &mut Vec<String>,
    key: String,
) -> io::Result<u32> {
    tokio::task::yield_now().await;
    push(log, key);
    script.next()
}

#[instrument(level = "info", skip(script, log), err, ret)]
#[retry_api]
fn above_both_sync(
    script: &Script<u32, io::Error>,
    log: &mut Vec<String>,
    key: String,
) -> io::Result<u32> {
    push(log, key);
    script.next()
}

#[retry_api(attempt = n)]
#[instrument(skip(script, log), err, ret)]
async fn below(
    script: &Script<u32, io::Error>,
    log: &mut Vec<String>,
    mut key: String,
) -> io::Result<u32> {
    tokio::task::yield_now().await;
    key.push_str(&n.to_string());
    push(log, key);
    script.next()
}

#[retry_api(attempt = n)]
#[instrument(skip(script, log), err, ret)]
fn below_sync(
    script: &Script<u32, io::Error>,
    log: &mut Vec<String>,
    mut key: String,
) -> io::Result<u32> {
    key.push_str(&n.to_string());
    push(log, key);
    script.next()
}

#[async_trait]
trait Client {
    async fn above(&mut self, key: String) -> io::Result<u32>;
    async fn below(&mut self, key: String) -> io::Result<u32>;
}

struct Fake {
    script: Script<u32, io::Error>,
    log: Vec<String>,
}

#[async_trait]
impl Client for Fake {
    #[instrument(skip(self), err)]
    #[retry_api]
    async fn above(&mut self, key: String) -> io::Result<u32> {
        push(&mut self.log, key);
        self.script.next()
    }

    #[retry_api]
    #[instrument(skip(self), err)]
    async fn below(&mut self, key: String) -> io::Result<u32> {
        push(&mut self.log, key);
        self.script.next()
    }
}

/// Counts spans, and events that are not ours.
#[derive(Clone, Default)]
struct Counter(Arc<Mutex<(Vec<&'static str>, u32)>>);

impl Subscriber for Counter {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("api")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.0.push(span.metadata().name());
        Id::from_u64(counts.0.len() as u64)
    }

    fn event(&self, _: &Event<'_>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1 += 1;
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Counter {
    fn spans_and_events(&self) -> (Vec<&'static str>, u32) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[tokio::test(start_paused = true)]
async fn one_span_a_call() -> io::Result<()> {
    // The second keeps `tracing` from asking one thread's subscriber for all threads.
    let (counter, _second) = (
        Counter::default(),
        tracing::Dispatch::new(Counter::default()),
    );
    let _installed = tracing::subscriber::set_default(counter.clone());
    let log = &mut Vec::new();
    assert_eq!(sendable(above(&busy_once(), log, "k".to_owned())).await?, 7);
    assert_eq!(
        sendable(above_err(&busy_once(), log, "k".to_owned())).await?,
        7
    );
    assert_eq!(
        sendable(above_ret(&busy_once(), log, "k".to_owned())).await?,
        7
    );
    assert_eq!(
        sendable(above_both(&busy_once(), log, "k".to_owned())).await?,
        7
    );
    assert_eq!(log.join(""), "k".repeat(8));
    assert_eq!(sendable(below(&busy_once(), log, "n".to_owned())).await?, 7);
    assert_eq!(log[8..], ["n1", "n2"]);
    let spans = ["above", "above_err", "above_ret", "above_both", "below"];
    // One for each `ret`, and none for a failure that another attempt mended.
    assert_eq!(counter.spans_and_events(), (spans.to_vec(), 3));
    let failing = Script::new([Err(io::ErrorKind::NotFound.into())]);
    assert!(above_err(&failing, log, String::new()).await.is_err());
    assert_eq!(counter.spans_and_events().1, 4);
    Ok(())
}

#[test]
fn one_span_a_call_sync() -> io::Result<()> {
    let _no_wait = no_wait();
    let (counter, _second) = (
        Counter::default(),
        tracing::Dispatch::new(Counter::default()),
    );
    let _installed = tracing::subscriber::set_default(counter.clone());
    let log = &mut Vec::new();
    assert_eq!(above_sync(&busy_once(), log, "k".to_owned())?, 7);
    assert_eq!(above_err_sync(&busy_once(), log, "k".to_owned())?, 7);
    assert_eq!(above_ret_sync(&busy_once(), log, "k".to_owned())?, 7);
    assert_eq!(above_both_sync(&busy_once(), log, "k".to_owned())?, 7);
    assert_eq!(log.join(""), "k".repeat(8));
    assert_eq!(below_sync(&busy_once(), log, "n".to_owned())?, 7);
    assert_eq!(log[8..], ["n1", "n2"]);
    let spans = [
        "above_sync",
        "above_err_sync",
        "above_ret_sync",
        "above_both_sync",
        "below_sync",
    ];
    assert_eq!(counter.spans_and_events(), (spans.to_vec(), 3));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn in_an_async_trait() -> io::Result<()> {
    let (counter, _second) = (
        Counter::default(),
        tracing::Dispatch::new(Counter::default()),
    );
    let _installed = tracing::subscriber::set_default(counter.clone());
    for name in ["above", "below"] {
        let (script, log) = (busy_once(), Vec::new());
        let mut fake = Fake { script, log };
        let seven = match name {
            "above" => sendable(fake.above("k".to_owned())).await?,
            _ => sendable(fake.below("k".to_owned())).await?,
        };
        assert_eq!((seven, fake.log.join("")), (7, "kk".to_owned()));
    }
    assert_eq!(counter.spans_and_events(), (vec!["above", "below"], 0));
    Ok(())
}
