//! The gate over SQLite, beside SQLite alone with the same durability.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use retry_core::retry_storage;
use retry_effects::SqliteEffectStore;
use rusqlite::{Connection, Statement, ToSql, TransactionBehavior};

use crate::rate::{best_of_three, rate};
use crate::row;
use crate::table::Table;

const ALONE: u64 = 2_000;
const TOGETHER: u64 = 64;
const EACH: u64 = 200;

pub(crate) fn rows(table: &mut Table<6>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut file = 0;
    let mut fresh = || {
        file += 1;
        folder.path().join(format!("{file}.db"))
    };
    // In turn, so that a disk that changes its mind does so for both.
    let (mut ours, mut bare) = (0.0_f64, 0.0_f64);
    for _ in 0..3 {
        bare = bare.max(two_commits(&fresh()));
        ours = ours.max(one_caller(&fresh()));
    }
    table.line(row(
        "sqlite",
        "one caller, actions/s",
        ours,
        Some(bare),
        "0.75",
    ));
    let (mut ours, mut bare) = (0.0_f64, 0.0_f64);
    for _ in 0..3 {
        bare = bare.max(commits_of_64(&fresh()));
        ours = ours.max(concurrent_callers(&fresh()));
    }
    table.line(row(
        "sqlite",
        "64 callers, actions/s",
        ours,
        Some(bare),
        "0.65",
    ));
    let store = Arc::new(SqliteEffectStore::open(fresh()).expect("it opens"));
    charge(&store, 1, 1999).expect("it runs");
    let replays = best_of_three(|| {
        for _ in 0..20_000 {
            charge(&store, 1, 1999).expect("it is replayed");
        }
        20_000
    });
    table.line(row("sqlite", "replays, calls/s", replays, None, ""));
}

type Store = Arc<SqliteEffectStore>;

#[retry_storage(idempotent = true, name = "charge", store = store)]
fn charge(store: &Store, order_id: u64, cents: u64) -> Result<u64, String> {
    Ok(order_id + cents)
}

#[retry_storage(idempotent = true, name = "charge", store = store)]
async fn charge_async(store: &Store, order_id: u64, cents: u64) -> Result<u64, String> {
    Ok(order_id + cents)
}

fn one_caller(path: &Path) -> f64 {
    let store = Arc::new(SqliteEffectStore::open(path).expect("it opens"));
    rate(|| {
        for order_id in 0..ALONE {
            charge(&store, order_id, 1999).expect("it runs");
        }
        ALONE
    })
}

fn concurrent_callers(path: &Path) -> f64 {
    let store = Arc::new(SqliteEffectStore::open(path).expect("it opens"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let next = Arc::new(AtomicU64::new(0));
    rate(|| {
        runtime.block_on(async {
            let callers = (0..TOGETHER).map(|_| {
                let (store, next) = (store.clone(), next.clone());
                tokio::spawn(async move {
                    for _ in 0..EACH {
                        let order_id = next.fetch_add(1, Ordering::Relaxed);
                        charge_async(&store, order_id, 1999).await.expect("it runs");
                    }
                })
            });
            for caller in callers.collect::<Vec<_>>() {
                caller.await.expect("no panic");
            }
        });
        TOGETHER * EACH
    })
}

/// A table like ours, with the same durability, and a hash of its own for each key.
fn bare(path: &Path) -> Connection {
    let connection = Connection::open(path).expect("it opens");
    let mode: String = connection
        .query_row("PRAGMA journal_mode=WAL", [], |row| row.get(0))
        .expect("it answers");
    assert_eq!(mode, "wal");
    connection
        .execute_batch(
            "PRAGMA synchronous=FULL;
             CREATE TABLE actions (id TEXT PRIMARY KEY, status TEXT NOT NULL, result TEXT)",
        )
        .expect("it is made");
    connection
}

const INSERT: &str = "INSERT INTO actions (id, status) VALUES (?1, 'pending')";
const UPDATE: &str = "UPDATE actions SET status = 'success', result = ?2 WHERE id = ?1";

fn id(order_id: u64) -> String {
    let id = retry_effects::compute_action_id("charge", &order_id, "");
    id.expect("a number").to_string()
}

fn write(statement: &mut Statement<'_>, id: &str) {
    let values: &[&dyn ToSql] = &[&id, &"1999"];
    let wanted = statement.parameter_count();
    statement.execute(&values[..wanted]).expect("it is done");
}

/// One commit to claim, one to complete.
fn two_commits(path: &Path) -> f64 {
    let mut connection = bare(path);
    rate(|| {
        for order_id in 0..ALONE {
            let id = id(order_id);
            for statement in [INSERT, UPDATE] {
                let transaction = connection
                    .transaction_with_behavior(TransactionBehavior::Immediate)
                    .expect("nobody else writes");
                let mut prepared = transaction.prepare_cached(statement).expect("it is right");
                write(&mut prepared, &id);
                drop(prepared);
                transaction.commit().expect("it commits");
            }
        }
        ALONE
    })
}

/// 64 claims a commit, 64 completions a commit.
fn commits_of_64(path: &Path) -> f64 {
    let mut connection = bare(path);
    rate(|| {
        for round in 0..EACH {
            let ids: Vec<String> = (0..TOGETHER).map(|at| id(round * TOGETHER + at)).collect();
            for statement in [INSERT, UPDATE] {
                let transaction = connection
                    .transaction_with_behavior(TransactionBehavior::Immediate)
                    .expect("nobody else writes");
                let mut prepared = transaction.prepare_cached(statement).expect("it is right");
                for id in &ids {
                    write(&mut prepared, id);
                }
                drop(prepared);
                transaction.commit().expect("it commits");
            }
        }
        TOGETHER * EACH
    })
}
