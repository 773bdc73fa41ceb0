//! Races: a broken store makes the interleaving that its fault is about.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex};
use std::thread::ThreadId;
use std::time::Duration;

use retry_effects::ActionId;

/// The place of a thread in a race.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Place {
    /// It has read, and not written.
    Read,
    /// It has written.
    Written,
}

/// The threads of a race around one store.
#[derive(Debug)]
pub(super) struct Race {
    made_on: ThreadId,
    /// How many threads of a race have reached each place, by action.
    reached: Mutex<HashMap<(ActionId, Place), u32>>,
    reaches: Condvar,
}

impl Race {
    /// Creates the race of a store that is made on this thread.
    pub(super) fn new() -> Self {
        Self {
            made_on: std::thread::current().id(),
            reached: Mutex::default(),
            reaches: Condvar::new(),
        }
    }

    /// In a race, returns once two threads are here with the same action: neither has written what
    /// the other has read, or both have. A third thread does not wait.
    pub(super) fn meet(&self, id: ActionId, at: Place) {
        self.reach(id, at);
        self.wait_for(id, at, 2);
    }

    /// In a race, records that a thread is here with this action.
    pub(super) fn reach(&self, id: ActionId, at: Place) {
        if self.is_race() {
            *self.reached.lock().unwrap().entry((id, at)).or_default() += 1;
            self.reaches.notify_all();
        }
    }

    /// In a race, returns once this many threads have been there. The bound ends a test that would
    /// hang.
    pub(super) fn wait_for(&self, id: ActionId, at: Place, threads: u32) {
        if self.is_race() {
            let reached = self.reached.lock().unwrap();
            let are_missing = |reached: &mut HashMap<_, _>| {
                reached.get(&(id, at)).copied().unwrap_or(0) < threads
            };
            drop(
                self.reaches
                    .wait_timeout_while(reached, Duration::from_secs(10), are_missing)
                    .unwrap(),
            );
        }
    }

    /// Whether this is a thread of a race: the rules make all other calls on the thread that made the
    /// store.
    fn is_race(&self) -> bool {
        std::thread::current().id() != self.made_on
    }
}
