//! Lanes on the runtimes of callers, where neither a request nor its answer changes the thread.
//!
//! Only multi-threaded runtimes have them: one of the other kind may have a clock that stands still, or
//! nobody who drives it. A request that such lanes do not serve moves to the store's own lanes: their runtime
//! has ended, cannot connect, or is blocked, perhaps by the caller that waits for this very request.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::runtime::{Handle, Id, RuntimeFlavor};

use super::backend::Backend;
use super::lanes::Lanes;
use super::queue::{Queue, Watch};
use crate::gate::blocking;

/// For how long requests may wait for a runtime whose lanes do not move.
const BLOCKED: Duration = Duration::from_millis(100);

/// The lanes of a store, on its own runtime and on others.
#[derive(Debug)]
pub(super) struct Runtimes<B> {
    /// The runtime of the store's own lanes; `None` if that is a thread.
    own: Option<Handle>,
    guests: RwLock<Vec<(Id, Arc<Lanes<B>>)>>,
    /// The largest number of runtimes with lanes.
    most: AtomicUsize,
}

impl<B: Backend> Runtimes<B> {
    pub(super) fn new(own: Option<Handle>) -> Self {
        let most = if own.is_some() { B::PACE.runtimes } else { 0 };
        Self {
            own,
            guests: RwLock::default(),
            most: AtomicUsize::new(most),
        }
    }

    /// Returns the lanes on the caller's runtime, if there are any, and that runtime.
    pub(super) fn of_caller(&self, lanes: &Arc<Lanes<B>>) -> Option<(Arc<Lanes<B>>, Handle)> {
        let own = self.own.as_ref()?;
        // A sync call blocks its thread, which may be the last one of its runtime.
        if blocking::may_block() {
            return None;
        }
        let runtime = Handle::try_current().ok()?;
        if runtime.runtime_flavor() != RuntimeFlavor::MultiThread {
            return None;
        }
        let id = runtime.id();
        let guests = self.guests.read().unwrap_or_else(PoisonError::into_inner);
        let mut is_full = guests.len() >= self.most.load(Ordering::Relaxed);
        for (known, guest) in &*guests {
            if *known == id {
                return (!guest.queue.is_ended()).then(|| (guest.clone(), runtime));
            }
            is_full &= !guest.queue.is_ended();
        }
        drop(guests);
        if is_full {
            return None;
        }
        let guest = self.enter(id, &runtime, lanes, own)?;
        Some((guest, runtime))
    }

    /// Returns new lanes on a runtime, unless it has some by now.
    fn enter(
        &self,
        id: Id,
        runtime: &Handle,
        lanes: &Arc<Lanes<B>>,
        own: &Handle,
    ) -> Option<Arc<Lanes<B>>> {
        let mut guests = self.guests.write().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, known)) = guests.iter().find(|(known, _)| *known == id) {
            return Some(known.clone());
        }
        // Those that have ended leave their connections to this one.
        guests.retain(|(_, guest)| !guest.queue.is_ended());
        if guests.len() >= self.most.load(Ordering::Relaxed) {
            return None;
        }
        let Some(backend) = lanes.backend.guest() else {
            self.most.store(guests.len(), Ordering::Relaxed);
            return None;
        };
        let queue = Queue::new(backend.pace(), Some(Arc::new(lanes.queue.hold())));
        let queue = Arc::new(queue);
        let guest = Arc::new(lanes.beside(backend, queue));
        for _ in 0..guest.backend.lanes() {
            runtime.spawn(guest.clone().serve_as_guest());
        }
        own.spawn(watch(guest.queue.clone()));
        guests.push((id, guest.clone()));
        Some(guest)
    }

    pub(super) fn close(&self) {
        let guests = self.guests.read().unwrap_or_else(PoisonError::into_inner);
        for (_, guest) in &*guests {
            guest.queue.close();
        }
    }
}

/// Watches the lanes of a caller's runtime, from the store's own: moves requests that they do not take.
async fn watch(queue: Arc<Queue>) {
    loop {
        match queue.rescue() {
            Watch::On => tokio::time::sleep(BLOCKED).await,
            Watch::Idle => queue.unwatched.notified().await,
            Watch::Over => return,
        }
    }
}
