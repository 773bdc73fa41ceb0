//! What a gate makes of an attempt before the engine judges it: with a probe it asks the callee what
//! an attempt of unknown effect did.

/// An attempt's outcome, once the callee was asked about it.
#[derive(Debug)]
pub enum Heard<T, E> {
    /// The attempt's own: the callee has nothing to add.
    Ended(Result<T, E>),
    /// The attempt failed with `lost`, and the callee has its result.
    Rescued {
        /// The result.
        value: T,
        /// What the attempt failed with.
        lost: E,
    },
}

impl<T, E> Heard<T, E> {
    /// What the caller gets.
    ///
    /// # Errors
    ///
    /// The attempt's own.
    pub fn into_outcome(self) -> Result<T, E> {
        match self {
            Self::Ended(outcome) => outcome,
            Self::Rescued { value, .. } => Ok(value),
        }
    }
}

/// An async attempt's outcome, or the question about it that is to be awaited first.
#[derive(Debug)]
pub enum Checked<T, E, Q> {
    /// Nobody is to be asked.
    Ended(Result<T, E>),
    /// A future of a [`Heard`].
    Asked(Q),
}
