//! `#[async_trait]`, and `#[tracing::instrument]` above and below.

use std::io;

use async_trait::async_trait;
use retry_core::retry_api;
use retry_core::testing::{Script, no_wait};
use retry_effects::compute_action_id;
use retry_tests::{busy_once, sendable};
use serde_json::json;
use tracing::instrument;

use super::{Store, own_id, store};

#[async_trait]
trait Pays: Send + Sync {
    async fn pay(&mut self, order_id: u64, note: String) -> io::Result<u32>;
    async fn refund(&self, order_id: u64) -> io::Result<u32>;
    async fn patterns(&self, order_id: u64, pair: (u32, String), _: &str) -> io::Result<String>;

    #[retry_api(idempotent = true, name = "void")]
    async fn void(&self, order_id: u64) -> io::Result<String> {
        let _ = order_id;
        own_id()
    }
}

struct Bank {
    store: Store,
    script: Script<u32, io::Error>,
    log: Vec<String>,
}

impl Bank {
    fn new() -> Self {
        Self {
            store: store(),
            script: busy_once(),
            log: Vec::new(),
        }
    }
}

#[async_trait]
impl Pays for Bank {
    #[retry_api(idempotent = true, name = "pay", key(order_id), store = &self.store)]
    async fn pay(&mut self, order_id: u64, mut note: String) -> io::Result<u32> {
        note.push('!');
        self.log.push(format!("{order_id} {note}"));
        self.script.next()
    }

    #[retry_api(idempotent = true, name = "refund", store = self.store.clone(), scope = self.log.len())]
    async fn refund(&self, order_id: u64) -> io::Result<u32> {
        let _ = order_id;
        self.script.next()
    }

    #[retry_api(idempotent = true, name = "patterns", key(order_id), store = &self.store)]
    async fn patterns(
        &self,
        order_id: u64,
        (number, text): (u32, String),
        _: &str,
    ) -> io::Result<String> {
        let _ = (order_id, number, text);
        own_id()
    }
}

#[tokio::test(start_paused = true)]
async fn async_traits() -> io::Result<()> {
    let mut bank = Bank::new();
    for _ in 0..2 {
        assert_eq!(sendable(bank.pay(1, "n".to_owned())).await?, 7);
        assert_eq!(bank.log, ["1 n!", "1 n!"]);
    }
    bank.script = busy_once();
    let bank: Box<dyn Pays> = Box::new(bank);
    for _ in 0..2 {
        assert_eq!(sendable(bank.refund(1)).await?, 7);
    }
    let id = compute_action_id("void", &json!({"order_id": 1}), "").map_err(io::Error::other)?;
    assert_eq!(sendable(bank.void(1)).await?, id.to_string());
    let id = compute_action_id("patterns", &json!({"order_id": 1}), "");
    let id = id.map_err(io::Error::other)?.to_string();
    assert_eq!(bank.patterns(1, (2, String::new()), "").await?, id);
    assert!(bank.patterns(1, (3, String::new()), "").await.is_err());
    assert!(bank.patterns(1, (2, String::new()), "x").await.is_err());
    Ok(())
}

#[instrument(skip_all)]
#[retry_api(idempotent = true, key(order_id), skip(script, log), store = store)]
async fn above(
    store: &Store,
    script: &Script<u32, io::Error>,
    log: &mut Vec<String>,
    order_id: u64,
    note: String,
) -> io::Result<u32> {
    log.push(format!("{order_id} {note}"));
    script.next()
}

#[instrument(skip(store, script, log), err, ret)]
#[retry_api(idempotent = true, key(order_id), skip(script, log), store = store)]
async fn above_both(
    store: &Store,
    script: &Script<u32, io::Error>,
    log: &mut Vec<String>,
    order_id: u64,
    note: String,
) -> io::Result<u32> {
    log.push(format!("{order_id} {note}"));
    script.next()
}

#[retry_api(idempotent = true, key(order_id), skip(script, log), store = store)]
#[instrument(skip(store, script, log), err)]
async fn below(
    store: &Store,
    script: &Script<u32, io::Error>,
    log: &mut Vec<String>,
    order_id: u64,
    note: String,
) -> io::Result<u32> {
    log.push(format!("{order_id} {note}"));
    script.next()
}

#[tokio::test(start_paused = true)]
async fn instrumented() -> io::Result<()> {
    let store = store();
    let mut log = Vec::new();
    macro_rules! twice {
        ($call:ident) => {
            let script = busy_once();
            log.clear();
            for _ in 0..2 {
                let call = $call(&store, &script, &mut log, 1, "n".to_owned());
                assert_eq!(sendable(call).await?, 7);
                assert_eq!(log, ["1 n", "1 n"], stringify!($call));
            }
        };
    }
    twice!(above);
    twice!(above_both);
    twice!(below);
    Ok(())
}

#[instrument(skip_all)]
#[retry_api(idempotent = true, skip(script, log), store = store)]
fn above_sync(
    store: &Store,
    script: &Script<u32, io::Error>,
    log: &mut Vec<u64>,
    order_id: u64,
) -> io::Result<u32> {
    log.push(order_id);
    script.next()
}

#[instrument(level = "info", skip(store, script, log), err, ret)]
#[retry_api(idempotent = true, skip(script, log), store = store)]
fn above_both_sync(
    store: &Store,
    script: &Script<u32, io::Error>,
    log: &mut Vec<u64>,
    order_id: u64,
) -> io::Result<u32> {
    log.push(order_id);
    script.next()
}

#[retry_api(idempotent = true, skip(script, log), store = store)]
#[instrument(skip(store, script, log), err)]
fn below_sync(
    store: &Store,
    script: &Script<u32, io::Error>,
    log: &mut Vec<u64>,
    order_id: u64,
) -> io::Result<u32> {
    log.push(order_id);
    script.next()
}

#[test]
fn instrumented_sync() -> io::Result<()> {
    let (_no_wait, store) = (no_wait(), store());
    for call in [above_sync, above_both_sync, below_sync] {
        let (script, mut log) = (busy_once(), Vec::new());
        for _ in 0..2 {
            assert_eq!(call(&store, &script, &mut log, 1)?, 7);
            assert_eq!(log, [1, 1]);
        }
    }
    Ok(())
}
