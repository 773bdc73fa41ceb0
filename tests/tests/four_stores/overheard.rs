//! A store of which a test knows how many callers wait for another one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use retry_effects::store::Changed;
use retry_effects::{ActionId, EffectStore};

use super::place::Store;

/// Another store, and who has begun to wait on it.
#[derive(Debug)]
pub(super) struct Overheard {
    store: Store,
    waiting: AtomicUsize,
}

impl Overheard {
    pub(super) fn new(store: Store) -> Self {
        Self {
            store,
            waiting: AtomicUsize::new(0),
        }
    }

    /// Returns once somebody waits.
    pub(super) fn await_waiter(&self) {
        let began = Instant::now();
        while self.waiting.load(Ordering::SeqCst) == 0 {
            assert!(began.elapsed() < Duration::from_secs(20), "nobody waits");
            thread::sleep(Duration::from_millis(1));
        }
    }
}

impl EffectStore for Overheard {
    retry_effects::forward_effect_store!(|this| &*this.store, except changed);

    fn changed(&self, id: ActionId) -> Changed {
        let changed = self.store.changed(id);
        self.waiting.fetch_add(1, Ordering::SeqCst);
        changed
    }
}
