//! The stores of this crate pass the suite, and the suite finds what is wrong with broken ones.

#![cfg(feature = "conformance")]

#[path = "conformance/broken.rs"]
mod broken;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use broken::{BrokenStores, Fault, TABLE};
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
}

mod in_memory {
    retry_effects::conformance_tests!(super::InMemory::default());
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

#[test]
fn the_rules_have_names_of_their_own() {
    let names: HashSet<_> = Rule::ALL.iter().map(Rule::name).collect();
    assert_eq!(names.len(), Rule::ALL.len());
}
