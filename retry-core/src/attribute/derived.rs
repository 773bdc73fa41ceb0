//! The calls that `#[derive(Classify)]` expands to: the judgement of a field by the best means that its
//! type allows, and the variant's statements over it.
//!
//! The field's type is known only where the derive is written, so the means is picked as for an
//! attribute: by autoref specialisation on an [`Autoref`].

use std::error::Error;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use super::specialise::{Autoref, ErrorObject};
use crate::classify::chain;
use crate::classify::classification::Classify;
use crate::classify::judgement::{Judgement, Proof, Verdict};
use crate::classify::message;

/// The judgement of a field that holds an error.
pub trait FieldJudged {
    /// Returns its judgement.
    fn __retry_judge_field(&self) -> Judgement;
}

/// First choice: the field's own classification.
impl<E: Classify> FieldJudged for &&&Autoref<'_, E> {
    fn __retry_judge_field(&self) -> Judgement {
        self.0.classify()
    }
}

/// For a field that is no error and holds one (`anyhow::Error`): that error's chain. Tried after
/// [`HeldByChain`].
impl<E: AsRef<ErrorObject>> FieldJudged for &Autoref<'_, E> {
    fn __retry_judge_field(&self) -> Judgement {
        by_chain(self.0.as_ref())
    }
}

/// Second choice, for types that may borrow and so cannot be downcast themselves: the source chain.
pub trait FieldJudgedByChain {
    /// Returns its judgement.
    fn __retry_judge_field(&self) -> Judgement;
}

impl<E: Error> FieldJudgedByChain for &&Autoref<'_, E> {
    fn __retry_judge_field(&self) -> Judgement {
        let below = self.0.source();
        chain::judgement_of(self.0, below, below.and_then(chain::judgement))
    }
}

/// Second choice, for `'static` errors: the source chain, which begins with the error itself. In a
/// generic derive, the parameter may be a known error.
pub trait FieldJudgedByStaticChain {
    /// Returns its judgement.
    fn __retry_judge_field(&self) -> Judgement;
}

impl<E: Error + 'static> FieldJudgedByStaticChain for &&Autoref<'_, E> {
    fn __retry_judge_field(&self) -> Judgement {
        by_chain(self.0)
    }
}

/// Last choice: a compile error, because the field's type needs [`Classify`].
pub trait FieldNotJudged {
    /// The field's type.
    type Field;
    /// Never compiles: nothing judges the field.
    fn __retry_judge_field(&self) -> Judgement
    where
        Self::Field: Classify;
}

impl<E> FieldNotJudged for Autoref<'_, E> {
    type Field = E;

    fn __retry_judge_field(&self) -> Judgement
    where
        E: Classify,
    {
        self.0.classify()
    }
}

/// The view of an error as a `dyn Error`.
pub trait Viewed<'a> {
    /// Returns the error, if it is one.
    fn __retry_as_error(&self) -> Option<&'a (dyn Error + 'static)>;
}

impl<'a, E: Error + 'static> Viewed<'a> for &Autoref<'a, E> {
    #[inline]
    fn __retry_as_error(&self) -> Option<&'a (dyn Error + 'static)> {
        Some(self.0)
    }
}

impl<'a, E> Viewed<'a> for Autoref<'a, E> {
    #[inline]
    fn __retry_as_error(&self) -> Option<&'a (dyn Error + 'static)> {
        None
    }
}

/// The wait that a field holds.
#[diagnostic::on_unimplemented(
    message = "`retry_after` needs a `Duration` or an `Option<Duration>`, and `{Self}` is neither",
    label = "this field holds a `{Self}`",
    note = "for a wait in another form write `#[classify(with = path)]`: the function gets all fields by \
            reference and returns a `Verdict` or a `Judgement`"
)]
pub trait HoldsWait {
    /// Returns the wait, if there is one.
    fn wait(&self) -> Option<Duration>;
}

impl HoldsWait for Duration {
    #[inline]
    fn wait(&self) -> Option<Duration> {
        Some(*self)
    }
}

impl<W: HoldsWait> HoldsWait for Option<W> {
    #[inline]
    fn wait(&self) -> Option<Duration> {
        self.as_ref().and_then(HoldsWait::wait)
    }
}

macro_rules! wait_by_reference {
    ($($pointer:ty),*) => {$(
        impl<W: HoldsWait + ?Sized> HoldsWait for $pointer {
            #[inline]
            fn wait(&self) -> Option<Duration> {
                (**self).wait()
            }
        }
    )*};
}
wait_by_reference!(&W, Box<W>, Rc<W>, Arc<W>);

/// Returns the advice of a field that holds a wait; without a wait, it advises a retry.
#[must_use]
#[inline]
pub fn verdict_after(field: &impl HoldsWait) -> Verdict {
    field.wait().map_or(Verdict::Retry, Verdict::RetryAfter)
}

/// Returns the judgement of a variant that states nothing and holds nothing: the trait's default.
pub fn default_judgement<E: Classify + ?Sized>(error: &E) -> Judgement {
    chain::judgement_of_unstated(error)
}

/// Returns the judgement of a variant by its field's. If the field is no known error, the texts
/// advise, the variant's own among them.
pub fn judged_by_field(error: &dyn fmt::Display, field: Judgement) -> Judgement {
    let is_unrecognized = field.proof() == Proof::Unrecognized;
    if is_unrecognized && message::verdict_on(error) == Verdict::Stop {
        return field.advising(Verdict::Stop);
    }
    // The proof covers the step that failed, not the body that returns this error.
    field.of_a_step()
}

/// Returns a field's judgement with the variant's advice; all other answers stay the field's.
pub fn with_advice(field: Judgement, verdict: Verdict) -> Judgement {
    field.with_settled_answers().advising(verdict).of_a_step()
}

/// Returns a field's judgement with the variant's proof that nothing happened.
pub fn with_proof(field: Judgement) -> Judgement {
    field.with_settled_answers().not_applied()
}

/// Returns the judgement that a function of `with` gives, in any of its forms.
#[inline]
pub fn into_judgement(judgement: impl Into<Judgement>) -> Judgement {
    judgement.into()
}

fn by_chain(error: &(dyn Error + 'static)) -> Judgement {
    chain::judgement_of(&error, error.source(), chain::judgement(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::judgement::Answer;
    use std::io;

    #[test]
    fn advice_over_a_field_leaves_the_other_answers() {
        let reset = io::Error::from(io::ErrorKind::ConnectionReset).classify();
        let stopped = with_advice(reset, Verdict::Stop);
        assert_eq!(stopped.verdict(), Verdict::Stop);
        assert_eq!(stopped.answer(), reset.answer());
        assert_eq!(stopped.kind(), reset.kind());
        assert!(!stopped.is_not_applied());

        let limited = with_advice(Judgement::retry_after(Duration::ZERO), Verdict::Stop);
        assert!(
            limited.is_throttle(),
            "the server still asks for fewer calls"
        );
        assert_eq!(limited.answer(), Answer::Failing);

        let refused = with_advice(Judgement::stop().not_applied(), Verdict::Retry);
        assert!(refused.is_not_applied());
        assert_eq!(refused.answer(), Answer::Answered);
    }

    #[test]
    fn proof_over_a_field_leaves_the_other_answers() {
        let unread = Judgement::stop().unknown();
        let proof = with_proof(unread);
        assert!(proof.is_not_applied());
        assert_eq!(proof.answer(), Answer::Failing, "as the library says");
        assert_eq!(proof.verdict(), Verdict::Stop);
    }

    #[test]
    fn advice_over_a_text_is_all_that_there_is() {
        let text = with_advice("connection lost".classify(), Verdict::Stop);
        assert_eq!(text.answer(), Answer::Answered, "a text answers nothing");
    }

    #[test]
    fn one_final_text_is_enough_where_nothing_is_known() {
        let busy = "busy".classify();
        assert_eq!(
            judged_by_field(&"404 not found", busy).verdict(),
            Verdict::Stop
        );
        assert_eq!(judged_by_field(&"failed", busy).verdict(), Verdict::Retry);
        let known = Judgement::retry().with_kind("known");
        assert_eq!(judged_by_field(&"404 not found", known), known);
    }
}
