//! Marks of attempts that may have taken effect, for the gate that encloses them.
//!
//! A gate around a call must learn of each attempt inside whose effect is unknown, even in calls
//! whose errors the body swallows. While a gate is in use, such an attempt leaves a mark on its
//! thread; the gate takes the marks when its body gives the thread back. A process without gates
//! pays one relaxed load a failure.

use std::cell::{Cell, RefCell};

use crate::settings::observers;

thread_local! {
    static MARKS: Cell<Marks> = const { Cell::new(Marks::NONE) };
    static REFUSAL: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Marks that attempts inside a body have left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Marks(u8);

impl Marks {
    /// No mark.
    pub const NONE: Self = Self(0);
    /// An attempt without a gate failed, and nothing states what it did. The judgement of the enclosing
    /// body's own error takes precedence.
    pub const UNPROVED: Self = Self(1);
    /// An attempt may have taken effect: a known error states so, or a gate, or it was cut. Nothing that
    /// encloses it can state otherwise.
    pub const UNKNOWN: Self = Self(2);
    /// A call was refused before anything ran: see [`take_refusal`].
    pub const REFUSED: Self = Self(4);

    /// Whether all of `marks` are among these.
    #[must_use]
    pub const fn has(self, marks: Self) -> bool {
        self.0 & marks.0 == marks.0
    }

    /// Returns both together.
    #[must_use]
    pub const fn and(self, marks: Self) -> Self {
        Self(self.0 | marks.0)
    }
}

/// Makes attempts in this process leave marks, from now on.
#[inline]
pub fn watch_doubt() {
    if !observers::have_gates() {
        observers::set(observers::GATES, true);
    }
}

/// Sets this thread's marks, and returns the previous ones.
#[inline]
#[must_use]
pub fn replace_marks(marks: Marks) -> Marks {
    MARKS.replace(marks)
}

/// Takes the text of the last call on this thread that was refused before anything ran.
#[must_use]
pub fn take_refusal() -> Option<String> {
    REFUSAL.take()
}

/// Keeps the text of a refused call.
pub(super) fn keep_refusal(text: String) {
    REFUSAL.set(Some(text));
}

#[inline]
pub(crate) fn is_watched() -> bool {
    observers::have_gates()
}

/// Adds `marks` to those of this thread, for an attempt.
pub fn mark(marks: Marks) {
    MARKS.set(MARKS.get().and(marks));
}

/// Forgets the refusal: the enclosing attempt has done something else.
pub(crate) fn forget_refusal() {
    REFUSAL.set(None);
}
