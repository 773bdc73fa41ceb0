//! Notes of a thread: the attempts that it is inside of, and the calls in them that gave up or were
//! refused.

use std::cell::{Cell, RefCell};

use super::{system_code, tickets};
use crate::engine::nesting::gave_up::GaveUp;
use crate::engine::unknown_effect;

thread_local! {
    /// Number of attempts that the thread is inside of, and [`NOTED`].
    static HERE: Cell<i32> = const { Cell::new(0) };
    static NOTES: RefCell<Vec<Note>> = const { RefCell::new(Vec::new()) };
}

/// Set while there are notes, so that the number is negative.
const NOTED: i32 = i32::MIN;

/// A note on an attempt that runs on this thread.
struct Note {
    /// Number of attempts that the thread is inside of, this one included.
    depth: i32,
    /// A call in it that gave up; `None` for a refused one, which `unknown_effect` keeps.
    gave_up: Option<GaveUp>,
}

impl Note {
    /// Records that the attempt does something else. Returns whether the note still has a meaning.
    fn goes_on(&mut self) -> bool {
        self.gave_up.as_mut().map_or_else(
            || {
                unknown_effect::forget_refusal();
                false
            },
            GaveUp::goes_on,
        )
    }
}

const fn depth(here: i32) -> i32 {
    here & i32::MAX
}

/// Whether the calling code runs inside an attempt of an enclosing call.
#[must_use]
#[inline]
pub fn is_inside() -> bool {
    depth(HERE.get()) != 0
}

/// Reports to the enclosing attempt, if there is one, that calls inside it have given up.
pub(crate) fn note_gave_up(gave_up: impl FnOnce() -> Vec<GaveUp>) {
    if is_inside() {
        mark_went_on(|note| note.gave_up.is_none() || note.goes_on());
        note(gave_up().into_iter().map(|one| Some(one.returned())));
    }
}

/// Notes a call that was refused. `unknown_effect` forgets the refusal's text later, when the enclosing
/// attempt does anything else.
pub(crate) fn note_refused() {
    if is_inside() {
        note(std::iter::once(None));
    }
}

/// The number of calls remembered of one attempt: the last ones.
const MAX_PER_ATTEMPT: usize = 16;

fn note(more: impl Iterator<Item = Option<GaveUp>>) {
    let here = HERE.get();
    let depth = depth(here);
    // On a thread that is ending, nothing reads the notes.
    let _ = NOTES.try_with(|notes| {
        let mut notes = notes.borrow_mut();
        notes.extend(more.map(|gave_up| Note { depth, gave_up }));
        // An attempt may make calls without end, and swallow their errors.
        let first = notes.partition_point(|note| note.depth < depth);
        let surplus = (notes.len() - first).saturating_sub(MAX_PER_ATTEMPT);
        notes.drain(first..first + surplus);
        if !notes.is_empty() {
            HERE.set(here | NOTED);
        }
    });
}

/// The trace of an attempt: the ticket of calls that gave up in it, or 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct InnerFailures(tickets::Ticket);

impl InnerFailures {
    /// No inner call gave up.
    pub(crate) const NONE: Self = Self(0);

    #[inline]
    pub(crate) const fn is_none(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn take(&mut self) -> Vec<GaveUp> {
        tickets::take(std::mem::take(&mut self.0))
    }
}

/// Enters an attempt: it begins, or is polled.
#[inline]
pub(super) fn enter() {
    HERE.set(HERE.get().wrapping_add(1));
}

/// Leaves an attempt: it returns, or `suspends`.
#[inline]
pub(super) fn leave(inner: &mut InnerFailures, suspends: bool) {
    let here = HERE.get().wrapping_sub(1);
    HERE.set(here);
    if here < 0 {
        collect_notes(inner, suspends);
    }
}

/// Takes the notes on the attempt that was left. For the enclosing attempts, something else has
/// happened.
#[cold]
fn collect_notes(inner: &mut InnerFailures, suspends: bool) {
    // First of all: the lock on the tickets may replace it.
    let code = system_code::last();
    let depth = depth(HERE.get());
    let own = NOTES.try_with(|notes| {
        let mut notes = notes.borrow_mut();
        let first = notes.partition_point(|note| note.depth <= depth);
        notes.split_off(first)
    });
    mark_went_on(Note::goes_on);
    let mut own = own.unwrap_or_default();
    if suspends {
        own.retain_mut(Note::goes_on);
    }
    let own = own.into_iter().filter_map(|note| note.gave_up);
    let mut own: Vec<_> = own.map(|one| one.attempt_ended(code)).collect();
    if !own.is_empty() {
        let mut all = inner.take();
        all.append(&mut own);
        let surplus = all.len().saturating_sub(MAX_PER_ATTEMPT);
        all.drain(..surplus);
        inner.0 = tickets::store(all);
    }
}

/// Records that the attempts on this thread do something else.
fn mark_went_on(means_something: impl FnMut(&mut Note) -> bool) {
    let _ = NOTES.try_with(|notes| {
        let mut notes = notes.borrow_mut();
        notes.retain_mut(means_something);
        if notes.is_empty() {
            HERE.set(depth(HERE.get()));
        }
    });
}
