//! Calls that gave up in an attempt that has left its thread, kept aside by ticket: a future carries the
//! four bytes of a ticket, whether calls inside it fail or not.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::engine::nesting::gave_up::GaveUp;

/// Counted from 1.
pub(super) type Ticket = u32;

/// The most entries kept, ordered by ticket and so by age. Nothing takes the entry of an attempt
/// that succeeded nevertheless, or was dropped: it is removed as the oldest once there are this
/// many. No program has more attempts in flight.
const MAX_KEPT: usize = 1 << 16;

static KEPT: Mutex<BTreeMap<Ticket, Vec<GaveUp>>> = Mutex::new(BTreeMap::new());

pub(super) fn store(gave_up: Vec<GaveUp>) -> Ticket {
    // Tickets begin again after four thousand million.
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let ticket = NEXT.fetch_add(1, Ordering::Relaxed).max(1);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() >= MAX_KEPT {
        kept.pop_first();
    }
    kept.insert(ticket, gave_up);
    ticket
}

/// Takes the entry under `ticket`: none under 0.
pub(super) fn take(ticket: Ticket) -> Vec<GaveUp> {
    if ticket == 0 {
        return Vec::new();
    }
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    kept.remove(&ticket).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::imprint::Imprint;

    fn gave_up(operation: &'static str) -> Vec<GaveUp> {
        vec![GaveUp::new(operation, Imprint::default())]
    }

    #[test]
    fn what_nobody_asks_for_does_not_pile_up() {
        for _ in 0..2 * MAX_KEPT {
            store(gave_up("forgotten"));
        }
        let kept = KEPT.lock().expect("no panic").len();
        assert!(kept <= MAX_KEPT, "{kept}");
        let ticket = store(gave_up("the last"));
        assert_eq!(take(ticket).len(), 1);
        assert_eq!(take(ticket).len(), 0, "taken once");
        assert_eq!(take(0).len(), 0);
    }
}
