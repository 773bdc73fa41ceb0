//! [`OutcomeParts`]: the outcome of an attempt, taken apart.

/// The value or the error of an attempt, on its way through the engine.
///
/// It is no `Result`: of the parts of a `Result` the compiler makes the whole again, and copies that at
/// each step, although the short path needs a part of it in a register.
#[derive(Debug)]
pub enum OutcomeParts<T, E> {
    /// The attempt succeeded.
    Value(T),
    /// The attempt failed.
    Error(E),
}

impl<T, E> OutcomeParts<T, E> {
    /// Takes an outcome apart.
    #[inline]
    pub(crate) fn of(outcome: Result<T, E>) -> Self {
        match outcome {
            Ok(value) => Self::Value(value),
            Err(error) => Self::Error(error),
        }
    }

    /// Returns the error, if the attempt failed.
    pub(crate) const fn error(&self) -> Option<&E> {
        match self {
            Self::Value(_) => None,
            Self::Error(error) => Some(error),
        }
    }
}

impl<T, E> From<OutcomeParts<T, E>> for Result<T, E> {
    #[inline]
    fn from(parts: OutcomeParts<T, E>) -> Self {
        match parts {
            OutcomeParts::Value(value) => Ok(value),
            OutcomeParts::Error(error) => Err(error),
        }
    }
}
