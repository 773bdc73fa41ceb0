//! Waiters of this process for a change of an action's record.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::identity::action_id::ActionId;
use crate::protocol::store::Changed;
use crate::stores::sync::atomic::{AtomicUsize, Ordering};
use crate::stores::sync::{Mutex, lock};

/// The waiters of one store. Clones share them.
#[derive(Clone)]
pub(crate) struct Waiters(Arc<[Shard; SHARDS]>);

const SHARDS: usize = 16;

#[derive(Default)]
struct Shard {
    /// The number of actions watched here: [`Waiters::wake`] reads it first, without a lock.
    watched: AtomicUsize,
    actions: Mutex<HashMap<ActionId, Watched>>,
}

struct Watched {
    bell: Arc<Notify>,
    waiters: usize,
}

impl Waiters {
    pub(crate) fn new() -> Self {
        Self(Arc::new(std::array::from_fn(|_| Shard::default())))
    }

    /// Completes at the first [`wake`](Self::wake) of this action that begins after this call.
    ///
    /// A caller that first calls this and then reads the record misses no change.
    pub(crate) fn watch(&self, id: ActionId) -> Changed {
        let shard = self.shard(id);
        let mut actions = lock(&shard.actions);
        let watched = actions.entry(id).or_insert_with(|| {
            shard.watched.fetch_add(1, Ordering::SeqCst);
            Watched {
                bell: Arc::new(Notify::new()),
                waiters: 0,
            }
        });
        watched.waiters += 1;
        let bell = watched.bell.clone();
        // `notify_waiters` reaches it from here on, polled or not. Made under the lock: a wake in
        // between would remove the entry, and this waiter would miss it.
        let rung = bell.clone().notified_owned();
        drop(actions);
        let place = Place {
            waiters: self.clone(),
            id,
            bell,
        };
        Changed::new(async move {
            let _place = place;
            rung.await;
        })
    }

    /// Wakes the waiters of this action. To be called once the change can be read.
    ///
    /// A waiter that read the record before the change is counted here: it registers before it
    /// reads, and the store's own lock or commit orders its read and the change.
    #[inline]
    pub(crate) fn wake(&self, id: ActionId) {
        let shard = self.shard(id);
        if shard.watched.load(Ordering::SeqCst) == 0 {
            return;
        }
        let watched = lock(&shard.actions).remove(&id);
        if let Some(watched) = watched {
            shard.watched.fetch_sub(1, Ordering::SeqCst);
            watched.bell.notify_waiters();
        }
    }

    #[inline]
    fn shard(&self, id: ActionId) -> &Shard {
        &self.0[usize::from(id.as_bytes()[1]) % SHARDS]
    }
}

impl fmt::Debug for Waiters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let watched = |shard: &Shard| shard.watched.load(Ordering::SeqCst);
        let watched = self.0.iter().map(watched).sum::<usize>();
        write!(f, "Waiters({watched} actions)")
    }
}

/// The entry of one waiter; the last one dropped removes it.
struct Place {
    waiters: Waiters,
    id: ActionId,
    bell: Arc<Notify>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let shard = self.waiters.shard(self.id);
        let mut actions = lock(&shard.actions);
        // After a wake the entry is gone, or belongs to later waiters.
        let own = actions
            .get_mut(&self.id)
            .filter(|watched| Arc::ptr_eq(&watched.bell, &self.bell));
        let Some(watched) = own else { return };
        watched.waiters -= 1;
        if watched.waiters == 0 {
            actions.remove(&self.id);
            shard.watched.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
