//! The error types that the program registers, as functions that judge them. The module stands
//! below the trait [`Classify`](crate::Classify), so that the search of a chain can use it.

use std::any::TypeId;
use std::error::Error;
use std::sync::{PoisonError, RwLock};

use super::judgement::Judgement;

/// A registered type's judge: the judgement of an error of that type, `None` for any other error.
pub(super) type JudgeFn = fn(&(dyn Error + 'static)) -> Option<Judgement>;

static RECOGNIZED: RwLock<Vec<(TypeId, JudgeFn)>> = RwLock::new(Vec::new());

/// Adds a type; adding it again changes nothing.
pub(super) fn add(type_id: TypeId, judge: JudgeFn) {
    let mut known = RECOGNIZED.write().unwrap_or_else(PoisonError::into_inner);
    if known.iter().all(|(known, _)| *known != type_id) {
        known.push((type_id, judge));
    }
}

/// Returns the judgement of an error whose type is recognized.
pub(crate) fn judgement(error: &(dyn Error + 'static)) -> Option<Judgement> {
    // One at a time: the type's own `classify` runs without the lock, and may recognize another type.
    let judge_at = |at: usize| {
        let known = RECOGNIZED.read().unwrap_or_else(PoisonError::into_inner);
        known.get(at).map(|(_, judge)| *judge)
    };
    let found = (0..).map_while(judge_at).find_map(|judge| judge(error));
    // Inside another error, its judgement is about one step of the body that returns the outer error.
    found.map(Judgement::of_a_step)
}
