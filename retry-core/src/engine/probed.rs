//! An attempt's outcome between gate and engine: with a probe, the gate queries the callee about an
//! attempt of unknown effect before the engine judges it.

/// An attempt's outcome, after the callee was queried about it.
#[derive(Debug)]
pub enum ProbedOutcome<T, E> {
    /// The attempt's own outcome: the callee adds nothing.
    Ended(Result<T, E>),
    /// The attempt failed with `lost`, and the callee has its result.
    Rescued {
        /// The result.
        value: T,
        /// The attempt's outcome: an error, or a value that was not accepted.
        lost: Result<T, E>,
    },
}

impl<T, E> ProbedOutcome<T, E> {
    /// Returns the caller's outcome.
    ///
    /// # Errors
    ///
    /// The attempt's own error.
    pub fn into_outcome(self) -> Result<T, E> {
        match self {
            Self::Ended(outcome) => outcome,
            Self::Rescued { value, .. } => Ok(value),
        }
    }
}

/// An async attempt's outcome, or the query about it that is to be awaited first.
#[derive(Debug)]
pub enum OutcomeOrProbe<T, E, Q> {
    /// No query is needed.
    Ended(Result<T, E>),
    /// A future of a [`ProbedOutcome`].
    Probe(Q),
}
