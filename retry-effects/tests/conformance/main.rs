//! The stores of this crate pass the suite, and the suite finds the faults of broken stores.

#![cfg(feature = "conformance")]
#![allow(clippy::unwrap_used, reason = "a test that fails")]

mod broken;

use std::collections::HashSet;
use std::sync::Arc;
#[cfg(feature = "sqlite")]
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use broken::{BrokenStores, Fault, TABLE};
#[cfg(feature = "sqlite")]
use retry_effects::SqliteEffectStore;
use retry_effects::conformance::{Harness, HarnessFuture, Rule, violations};
use retry_effects::{EffectStore, InMemoryEffectStore, ManualClock};

/// In memory, with a clock that the test moves.
#[derive(Default)]
struct InMemory(ManualClock);

impl Harness for InMemory {
    fn fresh_store(&self) -> HarnessFuture<'_, Arc<dyn EffectStore>> {
        let store = Arc::new(InMemoryEffectStore::with_clock(self.0.clone()));
        Box::pin(async { store as Arc<dyn EffectStore> })
    }

    fn pass_time(&self, time: Duration) -> HarnessFuture<'_, ()> {
        self.0.advance(time);
        Box::pin(async {})
    }

    fn keeps_reasons(&self) -> bool {
        true
    }
}

mod in_memory {
    retry_effects::conformance_tests!(super::InMemory::default());
}

/// In files of a folder that is removed with the harness, with a clock that the test moves.
#[cfg(feature = "sqlite")]
struct Sqlite {
    folder: tempfile::TempDir,
    clock: Arc<AtomicU64>,
    made: AtomicU64,
}

#[cfg(feature = "sqlite")]
impl Sqlite {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            clock: Arc::default(),
            made: AtomicU64::new(0),
        }
    }

    fn open(&self, number: u64) -> Arc<dyn EffectStore> {
        let path = self.folder.path().join(format!("{number}.db"));
        Arc::new(SqliteEffectStore::open_with_clock(path, self.clock.clone()).unwrap())
    }
}

#[cfg(feature = "sqlite")]
impl Harness for Sqlite {
    fn fresh_store(&self) -> HarnessFuture<'_, Arc<dyn EffectStore>> {
        let number = self.made.fetch_add(1, Ordering::SeqCst) + 1;
        Box::pin(async move { self.open(number) })
    }

    fn pass_time(&self, time: Duration) -> HarnessFuture<'_, ()> {
        let nanos = u64::try_from(time.as_nanos()).unwrap();
        self.clock.fetch_add(nanos, Ordering::SeqCst);
        Box::pin(async {})
    }

    fn keeps_reasons(&self) -> bool {
        true
    }

    fn reopen(
        &self,
        store: Arc<dyn EffectStore>,
    ) -> HarnessFuture<'_, Option<Arc<dyn EffectStore>>> {
        drop(store);
        Box::pin(async { Some(self.open(self.made.load(Ordering::SeqCst))) })
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    retry_effects::conformance_tests!(super::Sqlite::new());
}

#[tokio::test]
async fn the_suite_finds_each_fault_and_each_rule_finds_one() {
    let control = violations(&BrokenStores::new(Fault::None)).await;
    assert!(control.is_empty(), "{control:?}");

    let mut idle: HashSet<_> = Rule::ALL.iter().map(Rule::name).collect();
    for (fault, rule) in TABLE {
        let broken = violations(&BrokenStores::new(*fault)).await;
        assert!(
            broken.iter().any(|violation| violation.rule() == *rule),
            "{fault:?} should break {rule}; it breaks {broken:?}"
        );
        for violation in broken {
            idle.remove(violation.rule());
        }
    }
    assert!(idle.is_empty(), "these rules found no fault: {idle:?}");
}

#[tokio::test]
async fn a_store_that_knows_of_no_reasons_passes_all_the_same() {
    let broken = violations(&BrokenStores::without_reasons()).await;
    assert!(broken.is_empty(), "{broken:?}");
}

#[test]
fn the_rules_have_names_of_their_own() {
    let names: HashSet<_> = Rule::ALL.iter().map(Rule::name).collect();
    assert_eq!(names.len(), Rule::ALL.len());
}
