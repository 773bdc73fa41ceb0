//! A store of which a test knows how many callers wait for another one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use retry_effects::store::{
    Changed, Claim, ClaimRequest, Filter, Finished, Resolved, Settlement, StoreFuture,
};
use retry_effects::{ActionId, EffectStore, Fence, Outcome, Record, Token};

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
    fn resolve(&self, id: ActionId) -> StoreFuture<'_, Resolved> {
        self.store.resolve(id)
    }

    fn pending<'a>(&'a self, request: &'a ClaimRequest<'a>) -> StoreFuture<'a, Claim> {
        self.store.pending(request)
    }

    fn complete<'a>(&'a self, token: &'a Token, outcome: Outcome) -> StoreFuture<'a, ()> {
        self.store.complete(token, outcome)
    }

    fn renew<'a>(&'a self, token: &'a Token, lease: Duration) -> StoreFuture<'a, ()> {
        self.store.renew(token, lease)
    }

    fn release<'a>(&'a self, token: &'a Token) -> StoreFuture<'a, Option<Finished>> {
        self.store.release(token)
    }

    fn get(&self, id: ActionId) -> StoreFuture<'_, Option<Record>> {
        self.store.get(id)
    }

    fn list<'a>(&'a self, filter: &'a Filter) -> StoreFuture<'a, Vec<Record>> {
        self.store.list(filter)
    }

    fn purge(&self, age: Duration) -> StoreFuture<'_, u64> {
        self.store.purge(age)
    }

    fn settle<'a>(
        &'a self,
        id: ActionId,
        fence: Fence,
        settlement: Settlement,
    ) -> StoreFuture<'a, ()> {
        self.store.settle(id, fence, settlement)
    }

    fn len(&self) -> StoreFuture<'_, u64> {
        self.store.len()
    }

    fn changed(&self, id: ActionId) -> Changed {
        let changed = self.store.changed(id);
        self.waiting.fetch_add(1, Ordering::SeqCst);
        changed
    }

    fn hears_all(&self) -> bool {
        self.store.hears_all()
    }

    fn needs_runtime(&self) -> bool {
        self.store.needs_runtime()
    }

    fn kind(&self) -> &'static str {
        self.store.kind()
    }
}
