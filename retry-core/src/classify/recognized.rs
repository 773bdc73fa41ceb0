//! [`recognize`]: error types of the application, made known to the search of source chains.
//!
//! A chain holds `dyn Error`s, and a trait of ours cannot be asked through that. The types that the
//! program names here can: they are looked for in boxes, in `anyhow` and in wrappers.

use std::any::TypeId;
use std::error::Error;
use std::sync::{PoisonError, RwLock};

use super::classification::Classify;
use super::judgement::Judgement;

type Judge = fn(&(dyn Error + 'static)) -> Option<Judgement>;

static RECOGNIZED: RwLock<Vec<(TypeId, Judge)>> = RwLock::new(Vec::new());

/// From now on, errors of the type `E` are recognized inside other errors: in a `Box<dyn Error>`, in
/// `anyhow` and `eyre`, and in the source chain of a wrapper. Their own [`Classify`] then decides.
///
/// Without it, such an error is judged by its text, which is advice and never a proof that nothing
/// happened. Call it once for each type at start-up; a second call changes nothing. An error type
/// that a function returns itself needs no call.
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
    let type_id = TypeId::of::<E>();
    let mut known = RECOGNIZED.write().unwrap_or_else(PoisonError::into_inner);
    if known.iter().all(|(known, _)| *known != type_id) {
        known.push((type_id, |error| {
            error.downcast_ref::<E>().map(Classify::classify)
        }));
    }
}

/// The judgement of an error whose type is recognized.
pub(crate) fn judgement(error: &(dyn Error + 'static)) -> Option<Judgement> {
    // One at a time: the type's own `classify` runs without the lock, and may recognize another.
    let judge_at = |at: usize| {
        let known = RECOGNIZED.read().unwrap_or_else(PoisonError::into_inner);
        known.get(at).map(|(_, judge)| *judge)
    };
    let found = (0..).map_while(judge_at).find_map(|judge| judge(error));
    // Inside another error it speaks of one step of the body that returns that.
    found.map(Judgement::of_a_step)
}
