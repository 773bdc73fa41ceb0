//! What all calls of one operation share: its counters, its own guards and its metrics, kept for good.

use std::cell::Cell;

use super::guards::implicit::OperationGuards;
use crate::operation::{Identity, Operation};
use crate::report::counters::Counters;
use crate::sync::registry;
use crate::sync::registry::Registry;

/// State by class and name.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) counters: Counters,
    pub(crate) own: OperationGuards,
    pub(crate) metrics: crate::report::metrics::OfOperation,
}

/// There is one for each operation in the program.
static STATES: Registry<(&str, &str), State> = Registry::new();

/// Where an operation's state was found last, by what tells its class and name without reading
/// them: a call that succeeds neither locks nor compares text.
type Known = (Identity, &'static State);

thread_local! {
    static KNOWN: [Cell<Option<Known>>; 16] = const { [const { Cell::new(None) }; 16] };
}

impl Operation {
    /// The state that every call of this class and name shares.
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

/// All operations, by class and name.
pub(crate) fn all() -> Vec<((&'static str, &'static str), &'static State)> {
    STATES.all()
}
