//! The queues in which commands wait, and the lanes that take them from there.
//!
//! A lane that is free takes all that waits of one kind, and sends it as one statement. So a lone
//! caller's command is sent at once, on a connection to itself; and the more callers there are,
//! the more of them share a statement and its commit.
//!
//! Not all lanes work at once as long as few can do it: of a crowd of callers each lane would take a
//! few, and a statement costs the server most where it is short.

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

/// How many commands one statement takes.
const MOST: usize = 256;

/// How many bytes of results one statement takes, unless the first result alone is longer.
const HEAVIEST: usize = 1 << 20;

/// How many lanes work at once on what a lane can take in one go.
const FEW: usize = 3;

/// How many commands of a kind must wait for one lane more.
const CROWD: usize = 32;

/// A statement that takes longer than this is somewhere else's work, on the way or on a disk: its
/// lane holds up no other.
const SLOW: Duration = Duration::from_millis(20);

/// What the lanes work with.
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
    /// Which kind was taken last.
    turn: usize,
    /// How many lanes are at work, and not for long.
    busy: usize,
    is_closed: bool,
}

/// What one statement is made of.
enum Batch {
    Lookups(Vec<Lookup>),
    Claims(Vec<Claiming>),
    Changes(Vec<Change>),
    Watches(Vec<Watch>),
}

/// One thing that is asked for.
pub(super) enum Command {
    Lookup(Lookup),
    Claim(Claiming),
    Change(Change),
    Watch(Watch),
}

impl Command {
    /// Completes when nobody waits for its answer any more.
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

    /// Takes a command, from any thread.
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

    /// Takes a command after a pause, unless its caller leaves meanwhile.
    pub(super) fn put_later(self: &Arc<Self>, mut command: Command, pause: Duration) {
        let desk = self.clone();
        tokio::spawn(async move {
            let left = timeout(pause, command.left()).await;
            if left.is_err() {
                desk.put(command);
            }
        });
    }

    /// No more commands will come; lanes end once they have done those that are here.
    pub(super) fn close(&self) {
        self.queues().is_closed = true;
        self.arrived.notify_waiters();
        self.arrived.notify_one();
    }

    /// Serves commands until the desk is closed. A panic costs the commands that were being served, and
    /// no later ones: what connects is the application's in part, and the runtime panics where a host's
    /// name is to be looked up and there is no thread for that.
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
        // The next one.
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

/// A lane is at work, and not for long.
struct Busy<'a>(&'a Desk);

impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.queues().busy -= 1;
    }
}

impl Queues {
    /// All that waits of one kind, the kinds in turn; nothing where few lanes can do it.
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

/// One change of each record, in the order of their ids; a second one of the same record waits.
/// Renewals that nobody waits for any more are left out: while a server is away they would pile up
/// before the record's outcome.
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
