//! [`OperationState`]: state that all calls of one operation share, kept for good: its counters, own
//! guards and metrics.

use std::cell::Cell;

use super::guards::implicit::OperationGuards;
use crate::operation::{Identity, Operation};
use crate::report::counters::Counters;
use crate::sync::registry;
use crate::sync::registry::Registry;

/// State of one operation, by class and name.
#[derive(Debug, Default)]
pub(crate) struct OperationState {
    pub(crate) counters: Counters,
    pub(crate) own: OperationGuards,
    pub(crate) metrics: crate::report::metrics::OperationMetrics,
}

/// One entry for each operation in the program.
static STATES: Registry<(&str, &str), OperationState> = Registry::new();

/// The last state found, with an identity that distinguishes class and name without reading them: a call
/// that succeeds neither locks nor compares text.
type CachedState = (Identity, &'static OperationState);

thread_local! {
    static CACHE: [Cell<Option<CachedState>>; 16] = const { [const { Cell::new(None) }; 16] };
}

impl Operation {
    /// Returns the state that every call of this class and name shares.
    pub(crate) fn state(&self) -> &'static OperationState {
        let identity = self.identity();
        CACHE.with(|known| {
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
    pub(crate) fn look_up(&self) -> &'static OperationState {
        let key = (self.class(), self.name());
        STATES.get_or_keep(key, || registry::leaked(OperationState::default()))
    }
}

/// Returns all operations, by class and name.
pub(crate) fn all() -> Vec<((&'static str, &'static str), &'static OperationState)> {
    STATES.all()
}
