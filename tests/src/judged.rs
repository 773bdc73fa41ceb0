//! The judgement of a known library's error: advice, and whether it is proved that nothing happened.

use std::error::Error;

use retry_core::{Classify, Verdict};

/// Advice, and whether it is proved that nothing happened.
pub type Promise = (Verdict, bool);

/// Worth another attempt, and nothing happened.
pub const TURNED_AWAY: Promise = (Verdict::Retry, true);
/// Not worth another attempt, and nothing happened.
pub const REFUSED: Promise = (Verdict::Stop, true);
/// Worth another attempt where a second effect does no harm.
pub const UNKNOWN: Promise = (Verdict::Retry, false);
/// Not worth another attempt, and something may have happened.
pub const DECLINED: Promise = (Verdict::Stop, false);

/// Asserts advice, proof and kind, and that the error shows its chain.
///
/// # Panics
///
/// Where they differ, with the error.
#[track_caller]
pub fn assert_judged<E: Classify + Error + 'static>(error: &E, promise: Promise, kind: &str) {
    let found = (promise_of(error), error.classify().kind());
    assert_eq!(found, (promise, kind), "{error:?}");
    assert!(error.as_error().is_some_and(<dyn Error>::is::<E>));
}

/// Returns the [`Promise`] of an error.
pub fn promise_of(error: &(impl Classify + ?Sized)) -> Promise {
    let judged = error.classify();
    (judged.verdict(), judged.is_not_applied())
}
