//! The judgements in the tables of known libraries: whether another attempt is worth it, whether this
//! one had an effect, and whether the other side answered.

use crate::classify::judgement::{Answer, Judgement};

/// Rejected before anything was done, and worth another attempt.
pub(super) const fn turned_away(kind: &'static str) -> Judgement {
    Judgement::retry().step_not_applied().with_kind(kind)
}

/// Refused by the other side before anything was done, and not worth another attempt.
pub(super) const fn refused(kind: &'static str) -> Judgement {
    Judgement::stop().step_not_applied().with_kind(kind)
}

/// Never sent: the request, or a resource needed to send it, is at fault on this side.
pub(super) const fn misused(kind: &'static str) -> Judgement {
    refused(kind).with_answer(Answer::NotAsked)
}

/// Nothing was done, another attempt would fail the same way, and the other side is in trouble or cannot
/// be reached.
pub(super) const fn broken(kind: &'static str) -> Judgement {
    refused(kind).with_answer(Answer::Failing)
}

/// It may have taken effect; another attempt is worth it if a second effect does no harm.
pub(super) const fn unknown(kind: &'static str) -> Judgement {
    Judgement::retry().unknown().with_kind(kind)
}

/// It may have taken effect, and another attempt would fail the same way.
pub(super) const fn final_unknown(kind: &'static str) -> Judgement {
    Judgement::stop().unknown().with_kind(kind)
}

/// Like [`final_unknown`], but stated by an answer of the other side, which works.
pub(super) const fn declined(kind: &'static str) -> Judgement {
    final_unknown(kind).with_answer(Answer::Answered)
}

/// The other side answered. The effect depends on the query, so the function's `not_applied_if`
/// decides whether it is proved that nothing happened.
#[cfg(any(feature = "sqlx", feature = "sqlx-08", feature = "tokio-postgres"))]
pub(super) const fn left_open(kind: &'static str) -> Judgement {
    Judgement::stop().with_kind(kind)
}
