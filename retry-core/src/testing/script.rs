//! Outcomes played one after the other.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A dependency that fails as it is told: each attempt takes the next outcome.
///
/// ```
/// use retry_core::testing::Script;
///
/// let script = Script::new([Err("busy"), Ok(7)]);
/// assert_eq!(script.next(), Err("busy"));
/// assert_eq!(script.next(), Ok(7));
/// assert_eq!((script.attempts(), script.left()), (2, 0));
/// ```
#[derive(Debug)]
pub struct Script<T, E> {
    state: Mutex<State<T, E>>,
}

#[derive(Debug)]
struct State<T, E> {
    outcomes: VecDeque<Result<T, E>>,
    attempts: u32,
}

impl<T, E> Script<T, E> {
    /// A script of these outcomes.
    pub fn new(outcomes: impl IntoIterator<Item = Result<T, E>>) -> Self {
        let outcomes = outcomes.into_iter().collect();
        Self {
            state: Mutex::new(State {
                outcomes,
                attempts: 0,
            }),
        }
    }

    /// The next outcome.
    ///
    /// # Errors
    ///
    /// Where the script says so.
    ///
    /// # Panics
    ///
    /// When the script is at its end: there was one attempt more than expected.
    pub fn next(&self) -> Result<T, E> {
        let mut state = self.state();
        state.attempts += 1;
        let outcome = state.outcomes.pop_front();
        let attempts = state.attempts;
        drop(state);
        outcome.unwrap_or_else(|| {
            panic!(
                "attempt {attempts} was not expected: the script has {} outcomes",
                attempts - 1
            )
        })
    }

    /// The outcomes taken so far.
    pub fn attempts(&self) -> u32 {
        self.state().attempts
    }

    /// The outcomes not taken yet.
    pub fn left(&self) -> usize {
        self.state().outcomes.len()
    }

    fn state(&self) -> MutexGuard<'_, State<T, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
