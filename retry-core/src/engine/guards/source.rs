//! [`GuardSource`]: the types that an attribute's expression for a guard may have.

use std::sync::Arc;

use crate::guard::adaptive::AdaptiveLimiter;
use crate::guard::breaker::circuit_breaker::CircuitBreaker;
use crate::guard::budget::retry_budget::RetryBudget;

/// A guard, a reference to one, or a shared pointer to one.
#[diagnostic::on_unimplemented(
    message = "this argument takes a `{T}`, and `{Self}` lends none",
    label = "not a `{T}`",
    note = "write a `{T}`, a reference to one or an `Arc` of one; a number that is a constant goes in \
            parentheses, like `budget(ratio = RATIO)`"
)]
pub trait GuardSource<T> {
    /// Returns the guard.
    fn as_guard(&self) -> &T;
}

macro_rules! lent {
    ($($guard:ty),*) => {$(
        impl GuardSource<$guard> for $guard {
            fn as_guard(&self) -> &$guard {
                self
            }
        }
    )*};
}
lent!(RetryBudget, CircuitBreaker, AdaptiveLimiter);

#[diagnostic::do_not_recommend]
impl<T, G: GuardSource<T> + ?Sized> GuardSource<T> for &G {
    fn as_guard(&self) -> &T {
        (**self).as_guard()
    }
}

#[diagnostic::do_not_recommend]
impl<T, G: GuardSource<T> + ?Sized> GuardSource<T> for Arc<G> {
    fn as_guard(&self) -> &T {
        (**self).as_guard()
    }
}

/// Returns the guard of `budget = ..`, `circuit_breaker = ..` or `adaptive = ..`.
#[must_use]
pub fn guard<T, G: GuardSource<T>>(source: &G) -> &T {
    source.as_guard()
}
