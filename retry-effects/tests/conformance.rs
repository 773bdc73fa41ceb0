//! The stores of this crate pass the suite, and the suite finds what is wrong with broken ones.

#![cfg(feature = "conformance")]

use std::sync::Arc;
use std::time::Duration;

use retry_effects::conformance::{Harness, HarnessFuture};
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
