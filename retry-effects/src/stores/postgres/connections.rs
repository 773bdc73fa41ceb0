//! The connections that the tasks of one runtime use: of a pool of the store's own, or of the user's.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use deadpool_postgres::{BuildError, ClientWrapper, Object, Pool, PoolError};

use super::connector::{CancelledWaits, Canceller};

/// The largest number of connections taken from a user's pool at a time: a pool that the application
/// shares must not be used up.
const SHARED: usize = 8;

/// The number of a user's pool's connections that the store's thread keeps. Others may live on a runtime
/// that is blocked, and leases must be renewed nevertheless.
const KEPT: usize = 2;

/// The size from which on a user's pool can spare those.
const SPARES: usize = 4;

/// Connections on one runtime.
#[derive(Debug)]
pub(super) struct Connections {
    pool: Pool,
    kept: Option<Arc<Kept>>,
    /// Stays at zero for a user's pool, whose warnings the store does not see.
    pub(super) cancelled: CancelledWaits,
    pub(super) canceller: Canceller,
    /// The number of statements that may be under way at once.
    pub(super) lanes: usize,
    guests: Guests,
}

/// The source of the connections on another runtime.
#[derive(Clone, Debug)]
enum Guests {
    /// A further pool of this size.
    Made(PoolMaker, usize),
    /// The user's pool, so many at a time.
    Shared(usize),
}

impl Connections {
    /// Returns the store's thread's part of `size` connections: three of eight, of which its lanes mostly use two.
    /// A guest has the others.
    pub(super) fn own(
        maker: PoolMaker,
        canceller: Canceller,
        size: usize,
    ) -> Result<Self, BuildError> {
        let part = (size * 3 / 8).max(1);
        Self::made(maker, canceller, part, size - part)
    }

    fn made(
        maker: PoolMaker,
        canceller: Canceller,
        size: usize,
        of_guest: usize,
    ) -> Result<Self, BuildError> {
        let cancelled = CancelledWaits::default();
        Ok(Self {
            pool: (maker.0)(size, cancelled.clone())?,
            kept: None,
            cancelled,
            canceller,
            lanes: size,
            guests: Guests::Made(maker, of_guest),
        })
    }

    /// Returns the connections of a user's pool.
    pub(super) fn shared(pool: Pool) -> Self {
        let size = pool.status().max_size.max(1);
        let (kept, lanes, of_guest) = if size < SPARES {
            (None, size, 0)
        } else {
            let kept = Arc::new(Kept(Mutex::default()));
            (Some(kept), KEPT, (size.min(SHARED)) - KEPT)
        };
        Self {
            pool,
            kept,
            cancelled: CancelledWaits::default(),
            canceller: Canceller::without_tls(),
            lanes,
            guests: Guests::Shared(of_guest),
        }
    }

    /// Returns those on another runtime; `None` if there are too few.
    pub(super) fn guest(&self) -> Option<Self> {
        match &self.guests {
            Guests::Made(_, 0) | Guests::Shared(0) => None,
            // If no pool can be made, the store's own lanes serve.
            Guests::Made(maker, size) => {
                Self::made(maker.clone(), self.canceller.clone(), *size, 0).ok()
            }
            Guests::Shared(lanes) => Some(Self {
                pool: self.pool.clone(),
                kept: None,
                cancelled: CancelledWaits::default(),
                canceller: self.canceller.clone(),
                lanes: *lanes,
                guests: Guests::Shared(0),
            }),
        }
    }

    /// Returns the largest number of connections.
    pub(super) fn size(&self) -> usize {
        self.pool.status().max_size.max(1)
    }

    /// Whether one is open, and not in use.
    pub(super) fn is_connected(&self) -> bool {
        self.pool.status().available > 0
    }

    /// Whether all connections are in use.
    pub(super) fn is_used_up(&self) -> bool {
        let status = self.pool.status();
        status.size >= status.max_size && status.available == 0
    }

    /// Returns a connection that is not in use, or a new one.
    pub(super) async fn get(&self) -> Result<InUse, PoolError> {
        if let Some(kept) = &self.kept {
            if self.pool.is_closed() {
                kept.idle().connections.clear();
            } else if let Some(found) = kept.get(&self.pool).await? {
                return Ok(found);
            }
        }
        Ok(InUse {
            object: Some(self.pool.get().await?),
            place: None,
        })
    }
}

/// Makes pools of the store's own.
#[derive(Clone)]
pub(super) struct PoolMaker(Arc<MakePool>);

type MakePool = dyn Fn(usize, CancelledWaits) -> Result<Pool, BuildError> + Send + Sync;

impl PoolMaker {
    pub(super) fn new(
        make: impl Fn(usize, CancelledWaits) -> Result<Pool, BuildError> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(make))
    }
}

impl fmt::Debug for PoolMaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PoolMaker")
    }
}

/// Connections of a user's pool that were made on the store's thread, and stay with it. They count for the
/// pool's size.
#[derive(Debug)]
struct Kept(Mutex<Idle>);

#[derive(Debug, Default)]
struct Idle {
    connections: Vec<Object>,
    /// The number of those in use.
    taken: usize,
}

impl Kept {
    /// Returns a connection of a place that is free; `None` if all are in use.
    async fn get(self: &Arc<Self>, pool: &Pool) -> Result<Option<InUse>, PoolError> {
        let (place, found) = {
            let mut idle = self.idle();
            if idle.taken >= KEPT {
                return Ok(None);
            }
            idle.taken += 1;
            (Place(self.clone()), idle.connections.pop())
        };
        let (object, is_made_here) = match found {
            Some(found) if !found.is_closed() => (found, true),
            _ => made_here(pool).await?,
        };
        Ok(Some(InUse {
            object: Some(object),
            place: is_made_here.then_some(place),
        }))
    }

    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of a kept connection that is in use.
#[derive(Debug)]
struct Place(Arc<Kept>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.idle().taken -= 1;
    }
}

/// Returns a connection of a pool, and whether it was made here: then it lives on this runtime.
///
/// Idle ones that were made elsewhere are set aside meanwhile; if the pool is full of them, one is closed.
async fn made_here(pool: &Pool) -> Result<(Object, bool), PoolError> {
    let (mut others, mut is_closed) = (Vec::new(), false);
    loop {
        let object = pool.get().await?;
        if Object::metrics(&object).recycle_count == 0 {
            return Ok((object, true));
        }
        let status = pool.status();
        if status.available > 0 || status.size < status.max_size {
            others.push(object);
        } else if is_closed {
            // Other tasks take what becomes free.
            return Ok((object, false));
        } else {
            drop(Object::take(object));
            is_closed = true;
        }
    }
}

/// A connection in use. Dropped before it is given back, it is closed: a statement may still run on
/// it, and no other may queue behind that; or it leads to a server that takes no writes any more.
#[derive(Debug)]
pub(super) struct InUse {
    object: Option<Object>,
    place: Option<Place>,
}

impl InUse {
    pub(super) fn give_back(mut self) {
        let object = self.object.take();
        if let Some(Place(kept)) = &self.place {
            kept.idle().connections.extend(object);
        }
    }

    pub(super) fn client(&mut self) -> &mut ClientWrapper {
        self.object
            .as_mut()
            .expect("it is there until it is dropped")
    }
}

impl Deref for InUse {
    type Target = ClientWrapper;

    fn deref(&self) -> &ClientWrapper {
        self.object
            .as_ref()
            .expect("it is there until it is dropped")
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        if let Some(connection) = self.object.take() {
            drop(Object::take(connection));
        }
    }
}
