//! A refused call: a mark for the gate, and a note for the enclosing attempt.

use super::thread_notes;
use crate::engine::unknown_effect;
use crate::engine::unknown_effect::Marks;

/// Records that a call on this thread was refused with this text, and nothing ran. An error with this
/// text, or with a cause of this text, then proves as much as the refusal does, unless the enclosing
/// attempt does something else before.
pub fn refuse(text: impl FnOnce() -> String) {
    if unknown_effect::is_watched() {
        unknown_effect::keep_refusal(text());
        unknown_effect::mark(Marks::REFUSED);
        thread_notes::note_refused();
    }
}
