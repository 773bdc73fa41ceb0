//! The four judgements that the tables of known libraries are made of: whether another attempt is
//! worth it, by whether this one had an effect.

use crate::judgement::Judgement;

/// Turned away before anything was done, and worth another attempt.
pub(super) const fn turned_away(kind: &'static str) -> Judgement {
    Judgement::retry().step_not_applied().with_kind(kind)
}

/// Refused before anything was done, and not worth another attempt.
pub(super) const fn refused(kind: &'static str) -> Judgement {
    Judgement::stop().step_not_applied().with_kind(kind)
}

/// It may have taken effect, and is worth another attempt where a second effect does no harm.
pub(super) const fn unknown(kind: &'static str) -> Judgement {
    Judgement::retry().unknown().with_kind(kind)
}

/// It may have taken effect, and another attempt would fail the same way.
pub(super) const fn final_unknown(kind: &'static str) -> Judgement {
    Judgement::stop().unknown().with_kind(kind)
}
