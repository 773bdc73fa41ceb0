//! Calls that gave up in an attempt that has left its thread, kept aside by ticket: a future carries the
//! four bytes of a ticket, whether calls inside it fail or not.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::engine::nesting::gave_up::GaveUp;

/// Counted from 1.
pub(super) type Ticket = u32;

/// The most entries kept. No program has more attempts in flight.
const MAX_KEPT: usize = 1 << 16;

static KEPT: Mutex<KeptEntries<Vec<GaveUp>, MAX_KEPT>> = Mutex::new(KeptEntries::new());

pub(super) fn store(gave_up: Vec<GaveUp>) -> Ticket {
    lock_kept().store(gave_up)
}

/// Takes the entry under `ticket`: none under 0, and none if it was removed as the oldest.
pub(super) fn take(ticket: Ticket) -> Vec<GaveUp> {
    if ticket == 0 {
        return Vec::new();
    }
    lock_kept().take(ticket).unwrap_or_default()
}

fn lock_kept() -> MutexGuard<'static, KeptEntries<Vec<GaveUp>, MAX_KEPT>> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// At most `MAX` entries, ordered by ticket and so by age. Nothing takes the entry of an attempt that
/// succeeded nevertheless, or was dropped: it is removed as the oldest.
#[derive(Debug)]
struct KeptEntries<V, const MAX: usize> {
    last: Ticket,
    entries: BTreeMap<Ticket, V>,
}

impl<V, const MAX: usize> KeptEntries<V, MAX> {
    const fn new() -> Self {
        Self {
            last: 0,
            entries: BTreeMap::new(),
        }
    }

    fn store(&mut self, entry: V) -> Ticket {
        if self.last == Ticket::MAX {
            // Tickets begin again after four thousand million; an entry of before would get the ticket,
            // or the age, of another.
            *self = Self::new();
        }
        if self.entries.len() >= MAX {
            self.entries.pop_first();
        }
        self.last += 1;
        self.entries.insert(self.last, entry);
        self.last
    }

    fn take(&mut self, ticket: Ticket) -> Option<V> {
        self.entries.remove(&ticket)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_nobody_asks_for_does_not_pile_up() {
        let mut kept = KeptEntries::<_, MAX_KEPT>::new();
        let removed = kept.store("removed");
        for _ in 0..2 * MAX_KEPT {
            kept.store("forgotten");
        }
        assert_eq!(kept.entries.len(), MAX_KEPT);
        let ticket = kept.store("the last");
        assert_eq!(kept.take(ticket), Some("the last"));
        assert_eq!(kept.take(ticket), None, "taken once");
        assert_eq!(kept.take(removed), None, "removed as the oldest");
        assert_eq!(take(0).len(), 0);
    }

    #[test]
    fn after_the_last_ticket_nothing_gets_the_entry_of_another() {
        let mut kept = KeptEntries::<_, 4>::new();
        kept.last = Ticket::MAX - 1;
        let (last, first) = (kept.store("last"), kept.store("first"));
        assert_eq!((last, first), (Ticket::MAX, 1));
        assert_eq!((kept.take(last), kept.take(first)), (None, Some("first")));
    }

    proptest! {
        /// Stores (`None`), and takes of the entry that many stores ago, against a list.
        #[test]
        fn a_ticket_gets_its_own_entry_or_none(
            steps in prop::collection::vec(prop::option::of(0_usize..12), 0..60),
        ) {
            let mut kept = KeptEntries::<_, 4>::new();
            let mut tickets = Vec::new();
            let mut model = VecDeque::new();
            for step in steps {
                let Some(ago) = step else {
                    let entry = tickets.len();
                    tickets.push(kept.store(entry));
                    model.push_back(entry);
                    if model.len() > 4 {
                        model.pop_front();
                    }
                    continue;
                };
                let Some(entry) = tickets.len().checked_sub(ago + 1) else {
                    continue;
                };
                let known = model.contains(&entry);
                model.retain(|known| *known != entry);
                prop_assert_eq!(kept.take(tickets[entry]), known.then_some(entry));
            }
        }
    }

    /// Two attempts whose futures leave their threads while a third one's entry removes the oldest.
    #[test]
    fn in_every_interleaving_an_attempt_finds_its_own_or_nothing() {
        loom::model(|| {
            let kept = loom::sync::Arc::new(loom::sync::Mutex::new(KeptEntries::<_, 2>::new()));
            let attempts = [1, 2].map(|attempt| {
                let kept = loom::sync::Arc::clone(&kept);
                loom::thread::spawn(move || {
                    let ticket = kept.lock().expect("no panic").store(attempt);
                    let found = kept.lock().expect("no panic").take(ticket);
                    assert!(found.is_none_or(|found| found == attempt), "{found:?}");
                })
            });
            let ticket = kept.lock().expect("no panic").store(3);
            for attempt in attempts {
                attempt.join().expect("no panic");
            }
            let mut kept = kept.lock().expect("no panic");
            let found = kept.take(ticket);
            assert!(found.is_none_or(|found| found == 3), "{found:?}");
            assert_eq!(kept.entries.len(), 0, "all were taken or removed");
        });
    }
}
