//! [`recognize`]: makes error types of the application known to the search of source chains.
//!
//! A chain holds `dyn Error`s, which do not expose a trait of this crate. The types that the program
//! names here are found in boxes, in `anyhow` and in wrappers.

use std::any::TypeId;
use std::error::Error;

use super::classification::Classify;
use super::sources::held_as;
use super::type_registry;

/// Recognizes errors of the type `E` inside other errors from now on: in a `Box<dyn Error>`, in `anyhow`
/// and `eyre`, and in the source chain of a wrapper, also as a `Box<E>` or an `Arc<E>`. Their own
/// [`Classify`] then decides.
///
/// Without it, such an error is judged by its text, which is advice and never a proof that nothing
/// happened. Call it once for each type at start-up; a second call changes nothing. An error type that a
/// function returns directly needs no call.
///
/// # Examples
///
/// ```
/// use std::error::Error;
/// use retry_core::{Classify, Judgement, recognize};
///
/// #[derive(Debug, thiserror::Error)]
/// #[error("the order is refused")]
/// struct Refused;
///
/// impl Classify for Refused {
///     fn classify(&self) -> Judgement {
///         Judgement::stop().not_applied()
///     }
/// }
///
/// let boxed: Box<dyn Error> = Box::new(Refused);
/// assert!(!boxed.classify().is_not_applied());
/// recognize::<Refused>();
/// assert!(boxed.classify().is_not_applied());
/// ```
pub fn recognize<E: Classify + Error + 'static>() {
    type_registry::add(TypeId::of::<E>(), |error| {
        held_as::<E>(error).map(Classify::classify)
    });
}
