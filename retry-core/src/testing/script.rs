//! [`Script`]: outcomes played one after the other.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A dependency with scripted outcomes: each attempt takes the next one.
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
    /// Makes a script of these outcomes.
    pub fn new(outcomes: impl IntoIterator<Item = Result<T, E>>) -> Self {
        let outcomes = outcomes.into_iter().collect();
        Self {
            state: Mutex::new(State {
                outcomes,
                attempts: 0,
            }),
        }
    }

    /// Returns the next outcome.
    ///
    /// # Errors
    ///
    /// If the scripted outcome is an error.
    ///
    /// # Panics
    ///
    /// At the end of the script: there was one attempt more than expected.
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

    /// Returns the number of outcomes taken so far.
    pub fn attempts(&self) -> u32 {
        self.state().attempts
    }

    /// Returns the number of outcomes not taken yet.
    pub fn left(&self) -> usize {
        self.state().outcomes.len()
    }

    fn state(&self) -> MutexGuard<'_, State<T, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
