//! The outcomes of the last calls of an action type: they decide whether the next call claims first, or
//! reads first.
//!
//! A claim on a new action that is sent at once saves the read; an action type whose calls are mostly
//! replays is read more cheaply than claimed. Only a guess: either way finds the right answer, and two
//! action types that share an entry cost no more than a trip, or a lock.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU8, Ordering};

/// The number of calls in a row that found a new action, and one: an action type without calls counts as
/// one new action.
static NEW_IN_A_ROW: [AtomicU8; 256] = [const { AtomicU8::new(1) }; 256];

/// The largest number that is counted.
const MANY: u8 = 16;

fn entry(action_type: &str) -> &'static AtomicU8 {
    let mut hasher = DefaultHasher::new();
    action_type.hash(&mut hasher);
    &NEW_IN_A_ROW[usize::from(hasher.finish().to_le_bytes()[0])]
}

/// Whether the last call of this action type was a replay.
pub(super) fn was_replay(action_type: &str) -> bool {
    entry(action_type).load(Ordering::Relaxed) == 0
}

/// Whether none of many calls of this action type was a replay.
pub(super) fn are_mostly_new(action_type: &str) -> bool {
    entry(action_type).load(Ordering::Relaxed) >= MANY
}

/// Notes the outcome of a call's admission.
pub(super) fn note(action_type: &str, is_replay: bool) {
    let entry = entry(action_type);
    let before = entry.load(Ordering::Relaxed);
    let count = if is_replay {
        0
    } else {
        before.saturating_add(1).min(MANY)
    };
    // A store without a change would take the line away from the other threads.
    if before != count {
        entry.store(count, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_type_is_mostly_new_after_many_new_actions_and_no_more_after_one_replay() {
        let name = "an action type of this test";
        assert!(!was_replay(name));
        for _ in 1..MANY {
            assert!(!are_mostly_new(name));
            note(name, false);
        }
        assert!(are_mostly_new(name));
        note(name, false);
        assert!(are_mostly_new(name));
        note(name, true);
        assert!(was_replay(name) && !are_mostly_new(name));
        note(name, false);
        assert!(!was_replay(name) && !are_mostly_new(name));
    }
}
