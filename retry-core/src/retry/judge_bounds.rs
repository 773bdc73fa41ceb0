//! The judges that go together: a predicate replaces another one of its kind, and `judge` stands alone.

use super::judges::{ByClassify, JudgedBy, NotAppliedIf, RetryIf, RetryOnOk};

/// A judge that can take another predicate's advice.
pub trait Advisable {
    /// The judge with that advice.
    type With<F>;
    /// Replaces the advice by that of `predicate`.
    fn advised_by<F>(self, predicate: F) -> Self::With<F>;
}

/// A judge that predicates may complete.
#[diagnostic::on_unimplemented(
    message = "`judge` states all that `retry_if`, `retry_on_ok` and `not_applied_if` do",
    label = "`judge` is set already",
    note = "move the condition into `judge`, or remove one of the two"
)]
pub trait Unjudged {}

impl Unjudged for ByClassify {}
impl<F> Unjudged for RetryIf<F> {}
impl<J, F> Unjudged for NotAppliedIf<J, F> {}
impl<J, F> Unjudged for RetryOnOk<J, F> {}

/// A judge without a predicate, in whose place `judge` may be set.
#[diagnostic::on_unimplemented(
    message = "`judge` states all that `retry_if`, `retry_on_ok` and `not_applied_if` do",
    label = "one of these is set already",
    note = "move its condition into `judge`, or remove one of the two"
)]
pub trait Unadvised {}

impl Unadvised for ByClassify {}
impl<F> Unadvised for JudgedBy<F> {}

/// A judge that accepts every `Ok`, or states what an attempt did whose `Ok` it does not accept: a gate
/// needs that.
#[diagnostic::on_unimplemented(
    message = "`retry_on_ok` has no place in an `Effect`: every `Ok` is recorded as the result",
    note = "return an error for what is not done yet, or use `judge`, which can state that an attempt did \
            nothing"
)]
pub trait StatesEffects {}

impl StatesEffects for ByClassify {}
impl<F> StatesEffects for RetryIf<F> {}
impl<J: StatesEffects, F> StatesEffects for NotAppliedIf<J, F> {}
impl<F> StatesEffects for JudgedBy<F> {}

impl Advisable for ByClassify {
    type With<F> = RetryIf<F>;

    fn advised_by<F>(self, predicate: F) -> RetryIf<F> {
        RetryIf(predicate)
    }
}

impl<G> Advisable for RetryIf<G> {
    type With<F> = RetryIf<F>;

    fn advised_by<F>(self, predicate: F) -> RetryIf<F> {
        RetryIf(predicate)
    }
}

/// [`Unjudged`] forbids it: with an implementation the compiler prints that trait's message.
impl<G> Advisable for JudgedBy<G> {
    type With<F> = RetryIf<F>;

    fn advised_by<F>(self, predicate: F) -> RetryIf<F> {
        RetryIf(predicate)
    }
}

impl<J: Advisable, S> Advisable for NotAppliedIf<J, S> {
    type With<F> = NotAppliedIf<J::With<F>, S>;

    fn advised_by<F>(self, predicate: F) -> Self::With<F> {
        NotAppliedIf {
            judge: self.judge.advised_by(predicate),
            states: self.states,
        }
    }
}

impl<J: Advisable, P> Advisable for RetryOnOk<J, P> {
    type With<F> = RetryOnOk<J::With<F>, P>;

    fn advised_by<F>(self, predicate: F) -> Self::With<F> {
        RetryOnOk {
            judge: self.judge.advised_by(predicate),
            predicate: self.predicate,
        }
    }
}
