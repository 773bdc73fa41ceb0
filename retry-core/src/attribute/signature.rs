//! Bounds on an annotated function's arguments and return type.

use crate::engine::outcome_parts::OutcomeParts;

/// An argument that each attempt gets a copy of.
#[diagnostic::on_unimplemented(
    message = "each attempt needs an argument of its own, and `{Self}` cannot be cloned",
    label = "taken by value, and not `Clone`",
    note = "take it by reference, derive `Clone` for it, make it in the body, or name it in \
            `borrow(..)`: the body then sees one value for all attempts"
)]
pub trait AttemptArgument: Sized {
    /// Returns a copy for one attempt.
    fn copy_for_attempt(&self) -> Self;
}

impl<T: Clone> AttemptArgument for T {
    #[inline]
    fn copy_for_attempt(&self) -> Self {
        self.clone()
    }
}

/// Returns a copy of an argument for one attempt.
///
/// It takes `&mut` though it only reads: `&Cell` would make the attempt's future not `Send`.
#[inline]
pub fn copy_argument<T: AttemptArgument>(argument: &mut T) -> T {
    argument.copy_for_attempt()
}

/// An argument that has parts, such as a `Vec<T>`, and whose type is not known yet.
///
/// For [`copy_argument`] the compiler reports the part that lacks `Clone`, without our message. Here it reports
/// `Cloneable`, of a type without parameters: for one with them it would propose this crate's traits
/// as bounds. `AT` is the place of the argument: the compiler reports a bound of one type once. The choice
/// is that of `specialise`.
#[derive(Debug)]
pub struct Parts<'a, const AT: usize, T>(pub &'a mut T);

/// First choice: a copy for one attempt.
pub trait OwnedParts {
    /// The argument's type.
    type Whole;
    /// Returns the copy.
    fn __retry_own(&self) -> Self::Whole;
}

impl<T: Clone, const AT: usize> OwnedParts for &Parts<'_, AT, T> {
    type Whole = T;

    #[inline]
    fn __retry_own(&self) -> T {
        T::clone(self.0)
    }
}

/// Last choice: a compile error, whose message states the remedy.
pub trait NotOwnedParts {
    /// The argument's type.
    type Whole;
    /// The subject of the bound.
    type Argument;
    /// Never compiles: the argument cannot be cloned.
    fn __retry_own(&self) -> Self::Whole
    where
        Self::Argument: Cloneable;
}

impl<T, const AT: usize> NotOwnedParts for Parts<'_, AT, T> {
    type Whole = T;
    type Argument = ThisArgument<AT>;

    fn __retry_own(&self) -> T {
        unreachable!("no argument is `Cloneable`")
    }
}

/// The subject of the bound on an argument that has parts.
#[derive(Debug)]
pub struct ThisArgument<const AT: usize>;

/// The bound on an argument that has parts. Nothing implements it.
#[diagnostic::on_unimplemented(
    message = "each attempt needs an argument of its own, and this one cannot be cloned",
    label = "taken by value, and not `Clone`",
    note = "take it by reference, make all that it holds `Clone` (`#[derive(Clone)]`, or the bound \
            `T: Clone`), make it in the body, or name it in `borrow(..)`: the body then sees one \
            value for all attempts"
)]
pub trait Cloneable {}

/// The return type of an annotated function.
#[diagnostic::on_unimplemented(
    message = "a retry attribute needs a function that returns a `Result`, and `{Self}` is none",
    label = "not a `Result`",
    note = "a retried function must be able to fail: return `Result<{Self}, E>`"
)]
pub trait IntoResult<T, E> {
    /// Returns the `Result` itself.
    fn into_result(self) -> Result<T, E>;
}

impl<T, E> IntoResult<T, E> for Result<T, E> {
    #[inline]
    fn into_result(self) -> Self {
        self
    }
}

/// Returns the outcome of an attempt as a `Result`.
///
/// # Errors
///
/// The attempt's own error.
#[inline]
pub fn as_result<R: IntoResult<T, E>, T, E>(outcome: R) -> Result<T, E> {
    outcome.into_result()
}

/// Returns the parts of an attempt's outcome.
#[inline]
pub fn outcome_parts<R: IntoResult<T, E>, T, E>(outcome: R) -> OutcomeParts<T, E> {
    OutcomeParts::of(outcome.into_result())
}
