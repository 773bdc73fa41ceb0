//! The harness of the broken stores.

use std::sync::Arc;
use std::time::Duration;

use retry_effects::conformance::{Harness, HarnessFuture};
use retry_effects::{EffectStore, ManualClock};

use super::fault::Fault;
use super::store::Broken;

/// Creates stores with this fault.
pub(crate) struct BrokenStores {
    fault: Fault,
    clock: ManualClock,
    /// Whether they state that they keep reasons.
    keeps_reasons: bool,
}

impl BrokenStores {
    pub(crate) fn new(fault: Fault) -> Self {
        Self {
            fault,
            clock: ManualClock::new(),
            keeps_reasons: true,
        }
    }

    /// Creates stores that keep no reasons, and are correct all the same.
    pub(crate) fn without_reasons() -> Self {
        let mut stores = Self::new(Fault::ReasonDropped);
        stores.keeps_reasons = false;
        stores
    }
}

impl Harness for BrokenStores {
    fn fresh_store(&self) -> HarnessFuture<'_, Arc<dyn EffectStore>> {
        let store = Arc::new(Broken::new(self.fault, self.clock.clone()));
        Box::pin(async { store as Arc<dyn EffectStore> })
    }

    fn pass_time(&self, time: Duration) -> HarnessFuture<'_, ()> {
        self.clock.advance(time);
        Box::pin(async {})
    }

    /// The records in memory are still there when the store is opened "again".
    fn reopen(
        &self,
        store: Arc<dyn EffectStore>,
    ) -> HarnessFuture<'_, Option<Arc<dyn EffectStore>>> {
        if self.fault == Fault::RecordsForgotten {
            return Box::pin(async { Some(self.fresh_store().await) });
        }
        Box::pin(async { Some(store) })
    }

    fn keeps_reasons(&self) -> bool {
        self.keeps_reasons
    }

    /// A wake-up in memory comes at once, or never.
    fn patience(&self) -> Duration {
        Duration::from_millis(50)
    }
}
