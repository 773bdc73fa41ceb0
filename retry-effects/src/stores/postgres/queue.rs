//! The queues in which commands wait, and the lanes that serve them.
//!
//! A free lane takes all waiting commands of one kind, and sends them as one statement. So a lone
//! caller's command is sent at once, on a connection to itself; and the more callers there are,
//! the more of them share a statement and its commit.
//!
//! Only as many lanes work at once as the load needs: otherwise each lane would take a few of many
//! callers, and short statements cost the server most.

use std::collections::{HashSet, VecDeque};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::timeout;

use super::changes::{self, Change};
use super::claims::{self, Claiming};
use super::lookups::{self, Lookup, Watch};
use super::server::Server;
use crate::identity::action_id::ActionId;
use crate::stores::waiters::Waiters;

/// The largest number of commands in one statement.
const MOST: usize = 256;

/// The largest size of the results in one statement, in bytes, unless the first result alone is
/// longer.
const HEAVIEST: usize = 1 << 20;

/// The number of lanes that work at once while one lane can take all that waits.
const FEW: usize = 3;

/// The number of waiting commands of a kind that starts one lane more.
const CROWD: usize = 32;

/// A longer statement spends its time on the network or on a disk: its lane does not count as busy,
/// and holds up no other.
const SLOW: Duration = Duration::from_millis(20);

/// The shared state of the lanes.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) server: Server,
    pub(super) waiters: Waiters,
    queues: Mutex<Queues>,
    arrived: Notify,
}

#[derive(Debug, Default)]
struct Queues {
    lookups: VecDeque<Lookup>,
    claims: VecDeque<Claiming>,
    changes: VecDeque<Change>,
    watches: VecDeque<Watch>,
    /// The kind that was taken last.
    turn: usize,
    /// The number of lanes at work whose statement is not slow.
    busy: usize,
    is_closed: bool,
}

/// The content of one statement.
enum Batch {
    Lookups(Vec<Lookup>),
    Claims(Vec<Claiming>),
    Changes(Vec<Change>),
    Watches(Vec<Watch>),
}

/// One request.
pub(super) enum Command {
    Lookup(Lookup),
    Claim(Claiming),
    Change(Change),
    Watch(Watch),
}

impl Command {
    /// Completes when no caller waits for its answer any more.
    async fn left(&mut self) {
        match self {
            Self::Claim(claiming) => claiming.left().await,
            Self::Change(change) => change.left().await,
            Self::Lookup(_) | Self::Watch(_) => std::future::pending().await,
        }
    }
}

impl Desk {
    pub(super) fn new(server: Server) -> Self {
        Self {
            server,
            waiters: Waiters::new(),
            queues: Mutex::default(),
            arrived: Notify::new(),
        }
    }

    /// Queues a command, from any thread.
    pub(super) fn put(&self, command: Command) {
        let mut queues = self.queues();
        match command {
            Command::Lookup(lookup) => queues.lookups.push_back(lookup),
            Command::Claim(claiming) => queues.claims.push_back(claiming),
            Command::Change(change) => queues.changes.push_back(change),
            Command::Watch(watch) => queues.watches.push_back(watch),
        }
        drop(queues);
        self.arrived.notify_one();
    }

    /// Queues a command after a pause, unless its caller leaves meanwhile.
    pub(super) fn put_later(self: &Arc<Self>, mut command: Command, pause: Duration) {
        let desk = self.clone();
        tokio::spawn(async move {
            let left = timeout(pause, command.left()).await;
            if left.is_err() {
                desk.put(command);
            }
        });
    }

    /// Ends the input: lanes end once they have served the commands that are queued.
    pub(super) fn close(&self) {
        self.queues().is_closed = true;
        self.arrived.notify_waiters();
        self.arrived.notify_one();
    }

    /// Serves commands until the queue is closed. A panic loses only the commands that were being
    /// served: the application owns part of the code that connects, and the runtime panics if there
    /// is no thread for looking up a host's name.
    pub(super) async fn lane(self: Arc<Self>) {
        loop {
            match tokio::spawn(self.clone().serve_all()).await {
                Err(ended) if ended.is_panic() => {}
                _ => return,
            }
        }
    }

    async fn serve_all(self: Arc<Self>) {
        while let Some(batch) = self.next().await {
            let busy = Busy(&self);
            let mut served = pin!(self.serve(batch));
            if timeout(SLOW, served.as_mut()).await.is_ok() {
                continue;
            }
            drop(busy);
            self.arrived.notify_one();
            served.await;
        }
        // Wakes the next lane.
        self.arrived.notify_one();
    }

    async fn serve(self: &Arc<Self>, batch: Batch) {
        match batch {
            Batch::Lookups(lookups) => lookups::serve(self, lookups).await,
            Batch::Claims(claims) => claims::serve(self, claims).await,
            Batch::Changes(changes) => changes::serve(self, changes).await,
            Batch::Watches(watches) => lookups::watch(self, watches).await,
        }
    }

    async fn next(&self) -> Option<Batch> {
        loop {
            let arrived = self.arrived.notified();
            {
                let mut queues = self.queues();
                if let Some(batch) = queues.take() {
                    return Some(batch);
                }
                if queues.is_closed {
                    return None;
                }
            }
            arrived.await;
        }
    }

    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A lane at work whose statement is not slow.
struct Busy<'a>(&'a Desk);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.queues().busy -= 1;
    }
}

impl Queues {
    /// Takes all waiting commands of one kind, the kinds in turn; none where few lanes suffice.
    fn take(&mut self) -> Option<Batch> {
        if self.busy >= FEW && self.longest() < CROWD {
            return None;
        }
        let batch = self.next();
        self.busy += usize::from(batch.is_some());
        batch
    }

    fn longest(&self) -> usize {
        let lengths = [self.lookups.len(), self.claims.len(), self.changes.len()];
        lengths.into_iter().max().unwrap_or(0)
    }

    fn next(&mut self) -> Option<Batch> {
        for _ in 0..4 {
            self.turn = (self.turn + 1) % 4;
            let batch = match self.turn {
                0 => some(&mut self.lookups).map(Batch::Lookups),
                1 => some(&mut self.claims).map(Batch::Claims),
                2 => distinct(&mut self.changes).map(Batch::Changes),
                _ => some(&mut self.watches).map(Batch::Watches),
            };
            if batch.is_some() {
                return batch;
            }
        }
        None
    }
}

fn some<T>(queue: &mut VecDeque<T>) -> Option<Vec<T>> {
    let count = queue.len().min(MOST);
    (count > 0).then(|| queue.drain(..count).collect())
}

/// Takes one change of each record, in the order of their ids; a second change of a record waits.
/// Drops renewals whose callers have left: while a server is away they would pile up before the
/// record's outcome.
fn distinct(queue: &mut VecDeque<Change>) -> Option<Vec<Change>> {
    let mut taken: Vec<Change> = Vec::new();
    let mut ids: HashSet<ActionId> = HashSet::new();
    let (mut left, mut weight) = (VecDeque::new(), 0);
    while let Some(change) = queue.pop_front() {
        if change.is_idle_renewal() {
            continue;
        }
        let heavier = weight + change.weight();
        let fits = taken.is_empty() || (taken.len() < MOST && heavier <= HEAVIEST);
        if fits && ids.insert(change.id()) {
            weight = heavier;
            taken.push(change);
        } else {
            left.push_back(change);
        }
    }
    *queue = left;
    taken.sort_unstable_by_key(|change| *change.id().as_bytes());
    (!taken.is_empty()).then_some(taken)
}
