//! Bounds on an annotated function's arguments and return type.

/// An argument that each attempt gets a copy of.
#[diagnostic::on_unimplemented(
    message = "each attempt needs an argument of its own, and `{Self}` cannot be cloned",
    label = "taken by value, and not `Clone`",
    note = "take it by reference, derive `Clone` for it, or name it in `borrow(..)`: the body then \
            sees one value for all attempts"
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
