//! A call that was refused: a mark for the gate, and a note for the attempt around it.

use super::standing;
use crate::engine::unknown_effect;
use crate::engine::unknown_effect::Marks;

/// A call on this thread was refused with this text, and nothing ran. An error that is this text, or
/// gives it as its cause, then proves as much as the refusal does, unless the attempt around it does
/// something else before.
pub fn refuse(text: impl FnOnce() -> String) {
    if unknown_effect::is_watched() {
        unknown_effect::keep_refusal(text());
        unknown_effect::mark(Marks::REFUSED);
        standing::refused();
    }
}
