//! The tools of the tests: a file, a store, a clock.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use retry_effects::EffectStore;
use retry_effects::store::Resolved;
use retry_effects::store::{Claim, ClaimRequest, Payload};
use retry_effects::{ActionId, Outcome, SqliteEffectStore, Token, compute_action_id};
use tempfile::TempDir;

pub(crate) use crate::executor::wait_for as wait;

/// A file in a folder of its own, and the clock of the stores that open it.
pub(crate) struct Bench {
    folder: TempDir,
    clock: Arc<AtomicU64>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            clock: Arc::new(AtomicU64::new(1_000_000_000)),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("effects.db")
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Opens one more handle that shares nothing with the others, like that of another process.
    pub(crate) fn open(&self) -> SqliteEffectStore {
        SqliteEffectStore::open_with_clock(self.path(), self.clock.clone()).unwrap()
    }

    /// Opens a connection without this crate.
    pub(crate) fn raw(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).unwrap()
    }

    /// The time on the clock, in nanoseconds.
    pub(crate) fn now(&self) -> u64 {
        self.clock.load(Ordering::SeqCst)
    }

    pub(crate) fn advance(&self, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap();
        self.clock.fetch_add(nanos, Ordering::SeqCst);
    }
}

pub(crate) fn id(number: u64) -> ActionId {
    compute_action_id("test", &number, "").unwrap()
}

pub(crate) fn won(store: &SqliteEffectStore, id: ActionId) -> Token {
    match wait(store.pending(&ClaimRequest::new(id, "test"))).unwrap() {
        Claim::Won(token) => token,
        other => panic!("not won: {other:?}"),
    }
}

pub(crate) fn success(json: &str) -> Outcome {
    Outcome::Success(Payload::new(json))
}

/// Returns the recorded result.
pub(crate) fn result(store: &SqliteEffectStore, id: ActionId) -> Option<String> {
    match wait(store.resolve(id)).unwrap() {
        Resolved::Done(finished) => Some(finished.payload.json().to_owned()),
        _ => None,
    }
}
