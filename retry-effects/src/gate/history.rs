//! The last outcome of the calls of an action type: it decides whether the next call claims first, or
//! reads first.
//!
//! On a store behind a network, a claim on a new action that is sent at once saves the trip of the
//! read; an action type whose calls are mostly replays is read more cheaply than claimed. Only a guess:
//! either way finds the right answer, and two action types that share an entry cost no more than a
//! trip.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};

static WAS_REPLAY: [AtomicBool; 256] = [const { AtomicBool::new(false) }; 256];

fn entry(action_type: &str) -> &'static AtomicBool {
    let mut hasher = DefaultHasher::new();
    action_type.hash(&mut hasher);
    &WAS_REPLAY[usize::from(hasher.finish().to_le_bytes()[0])]
}

/// Whether the last call of this action type was a replay.
pub(super) fn was_replay(action_type: &str) -> bool {
    entry(action_type).load(Ordering::Relaxed)
}

/// Notes the outcome of a call's admission.
pub(super) fn note(action_type: &str, is_replay: bool) {
    let entry = entry(action_type);
    // A store without a change would take the line away from the other threads.
    if entry.load(Ordering::Relaxed) != is_replay {
        entry.store(is_replay, Ordering::Relaxed);
    }
}
