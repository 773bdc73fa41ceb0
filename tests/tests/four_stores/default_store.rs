//! A program that changes stores by one line at its start, and processes that share one.
//!
//! Charges are counted outside the store, in a file to which every one appends a line.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use retry_core::{retry_api, retry_storage};
use retry_effects::{InMemoryEffectStore, SqliteEffectStore, set_default_store};
use retry_tests::block_on;

/// The store's kind, its address, its name there, and the ledger: a line each.
const TASK: &str = "RETRY_TESTS_DEFAULT_STORE";

const ORDERS: usize = 20;

/// No word of a store here.
#[retry_api(idempotent = true, name = "charge", key(order), skip(ledger))]
async fn charge(ledger: &Path, order: usize) -> io::Result<usize> {
    book(ledger, order)
}

#[retry_storage(idempotent = true, name = "charge", key(order), skip(ledger))]
fn charge_sync(ledger: &Path, order: usize) -> io::Result<usize> {
    book(ledger, order)
}

fn book(ledger: &Path, order: usize) -> io::Result<usize> {
    let mut ledger = OpenOptions::new().append(true).open(ledger)?;
    ledger.write_all(format!("{order}\n").as_bytes())?;
    Ok(order * 7)
}

#[test]
fn child_charges() {
    let Ok(task) = std::env::var(TASK) else {
        return;
    };
    let parts: Vec<_> = task.lines().collect();
    let [kind, address, name, ledger] = parts[..] else {
        panic!("{task}");
    };
    match kind {
        "memory" => set_default_store(InMemoryEffectStore::new()),
        "sqlite" => set_default_store(SqliteEffectStore::open(address).unwrap()),
        #[cfg(feature = "postgres")]
        "postgres" => set_default_store(super::place::postgres(address, name)),
        #[cfg(feature = "redis")]
        "redis" => set_default_store(super::place::redis(address, name)),
        other => panic!("{other} {name}"),
    }
    .unwrap();
    let ledger = Path::new(ledger);
    for order in 0..ORDERS {
        assert_eq!(block_on(charge(ledger, order)).unwrap(), order * 7);
        assert_eq!(charge_sync(ledger, order).unwrap(), order * 7);
    }
}

#[test]
fn memory() {
    // It ends with its process: another one charges again.
    assert_eq!(charges("memory", "", ""), [2; ORDERS]);
}

#[test]
fn sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("effects.db");
    assert_eq!(charges("sqlite", file.to_str().unwrap(), ""), [1; ORDERS]);
}

#[cfg(feature = "postgres")]
#[test]
fn postgres() {
    use super::place::fresh_name;
    if let Some(server) = retry_tests::postgres::ThrowawayPostgres::shared() {
        let charges = charges("postgres", &server.url(), &fresh_name());
        assert_eq!(charges, [1; ORDERS]);
    }
}

#[cfg(feature = "redis")]
#[test]
fn redis() {
    use super::place::fresh_name;
    if let Some(server) = retry_tests::redis::ThrowawayRedis::shared() {
        let charges = charges("redis", &server.url(), &fresh_name());
        assert_eq!(charges, [1; ORDERS]);
    }
}

/// How often each order is charged by two processes at once.
fn charges(kind: &str, address: &str, name: &str) -> [usize; ORDERS] {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger");
    fs::write(&ledger, "").unwrap();
    let task = format!("{kind}\n{address}\n{name}\n{}", ledger.display());
    for mut child in [start(&task), start(&task)] {
        let status = child.wait().unwrap();
        assert!(status.success(), "{status}");
    }
    let mut charges = [0; ORDERS];
    for line in fs::read_to_string(&ledger).unwrap().lines() {
        charges[line.parse::<usize>().unwrap()] += 1;
    }
    charges
}

/// This program, with nothing to do but this task.
fn start(task: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "four_stores::default_store::child_charges"])
        .env(TASK, task)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}
