//! State that all calls of one operation share, kept for good: its counters, own guards and metrics.

use std::cell::Cell;

use super::guards::implicit::OperationGuards;
use crate::operation::{Identity, Operation};
use crate::report::counters::Counters;
use crate::sync::registry;
use crate::sync::registry::Registry;

/// State of one operation, by class and name.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) counters: Counters,
    pub(crate) own: OperationGuards,
    pub(crate) metrics: crate::report::metrics::OfOperation,
}

/// One entry for each operation in the program.
static STATES: Registry<(&str, &str), State> = Registry::new();

/// The last state found, with an identity that distinguishes class and name without reading them: a call
/// that succeeds neither locks nor compares text.
type Known = (Identity, &'static State);

thread_local! {
    static KNOWN: [Cell<Option<Known>>; 16] = const { [const { Cell::new(None) }; 16] };
}

impl Operation {
    /// Returns the state that every call of this class and name shares.
    pub(crate) fn state(&self) -> &'static State {
        let identity = self.identity();
        KNOWN.with(|known| {
            let slot = &known[identity.slot() % known.len()];
            match slot.get() {
                Some((found, state)) if found == identity => state,
                _ => {
                    let state = self.look_up();
                    slot.set(Some((identity, state)));
                    state
                }
            }
        })
    }

    #[cold]
    pub(crate) fn look_up(&self) -> &'static State {
        let key = (self.class(), self.name());
        STATES.get_or_keep(key, || registry::leaked(State::default()))
    }
}

/// Returns all operations, by class and name.
pub(crate) fn all() -> Vec<((&'static str, &'static str), &'static State)> {
    STATES.all()
}
