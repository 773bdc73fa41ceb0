//! Picks the best means that a function's concrete types allow: an attribute sees no types, its
//! expansion does.
//!
//! Autoref specialisation (D. Tolnay's case study of that name). Each way has a trait with the same
//! method, implemented for `Autoref` behind a number of references: four for the strongest bound, three
//! for the next one, and so on. The expansion calls the method on an `Autoref` behind five. Method
//! resolution removes one reference after the other, and takes the first implementation whose bound
//! holds: the strongest.

use std::any::type_name;
use std::error::Error;
use std::fmt;
use std::marker::PhantomData;

use crate::classify::classification::Classify;
use crate::classify::failure::{Classifier, Description, Failure, described};
use crate::engine::outcome_parts::OutcomeParts;
use crate::engine::pause::{Carried, NotCarried};

/// An error whose type is not known yet.
#[derive(Debug)]
pub struct Autoref<'a, E>(pub &'a E);

/// The view that anyhow's and eyre's errors give.
pub(crate) type ErrorObject = dyn Error + Send + Sync + 'static;

/// The judge of an error.
pub trait Judged<'a> {
    /// Returns the judge.
    fn __retry_classifier(&self) -> Classifier<'a>;
}

/// First choice: the error's own classification.
impl<'a, E: Classify> Judged<'a> for &&&&Autoref<'a, E> {
    #[inline]
    fn __retry_classifier(&self) -> Classifier<'a> {
        Classifier::Own(self.0)
    }
}

/// Second choice, for any error: its source chain. A type that this crate knows is [`Classify`], which
/// is the first choice.
impl<'a, E: Error> Judged<'a> for &&&Autoref<'a, E> {
    #[inline]
    fn __retry_classifier(&self) -> Classifier<'a> {
        Classifier::Chain(self.0, self.0.source())
    }
}

/// Third choice, for a type that holds an error: that error's chain.
impl<'a, E: AsRef<ErrorObject>> Judged<'a> for &&Autoref<'a, E> {
    #[inline]
    fn __retry_classifier(&self) -> Classifier<'a> {
        Classifier::Chain(self.0.as_ref(), Some(self.0.as_ref()))
    }
}

/// Fourth choice, for a type that can be displayed: its text.
impl<'a, E: fmt::Display> Judged<'a> for &Autoref<'a, E> {
    #[inline]
    fn __retry_classifier(&self) -> Classifier<'a> {
        Classifier::Text(self.0)
    }
}

/// Last choice: no judge, so the error is retried.
impl<'a, E> Judged<'a> for Autoref<'a, E> {
    #[inline]
    fn __retry_classifier(&self) -> Classifier<'a> {
        Classifier::None
    }
}

/// The bound on the error of a gated function: its type must be able to state proof.
#[diagnostic::on_unimplemented(
    message = "`idempotent` must know which `{Self}` proves that nothing happened",
    label = "`{Self}` is not `Classify`",
    note = "derive it: `#[derive(retry_core::Classify)]`, with `#[classify(stop, not_applied)]` on each \
            variant after which it is certain that nothing happened",
    note = "or write `impl retry_core::Classify for {Self} {{}}`: its text then advises, and every failure \
            leaves the action in doubt, unless `not_applied_if = ..` on the attribute states otherwise"
)]
pub trait Proves {}

/// Under the gate, first choice: the error's own classification.
pub trait JudgedAtGate<'a> {
    /// Returns the judge.
    fn __retry_classifier_at_gate(&self) -> Classifier<'a>;
}

impl<'a, E: Classify> JudgedAtGate<'a> for &&Autoref<'a, E> {
    #[inline]
    fn __retry_classifier_at_gate(&self) -> Classifier<'a> {
        Classifier::Own(self.0)
    }
}

/// Under the gate, second choice, for a type that holds an error: that error's chain.
pub trait JudgedByChainAtGate<'a> {
    /// Returns the judge.
    fn __retry_classifier_at_gate(&self) -> Classifier<'a>;
}

impl<'a, E: AsRef<ErrorObject>> JudgedByChainAtGate<'a> for &Autoref<'a, E> {
    #[inline]
    fn __retry_classifier_at_gate(&self) -> Classifier<'a> {
        Classifier::Chain(self.0.as_ref(), Some(self.0.as_ref()))
    }
}

/// Under the gate, last choice: a compile error, whose message states the remedy.
pub trait NotJudgedAtGate<'a> {
    /// The error.
    type Error;
    /// Never compiles: nothing judges the error.
    fn __retry_classifier_at_gate(&self) -> Classifier<'a>
    where
        Self::Error: Proves;
}

impl<'a, E> NotJudgedAtGate<'a> for Autoref<'a, E> {
    type Error = E;

    fn __retry_classifier_at_gate(&self) -> Classifier<'a>
    where
        E: Proves,
    {
        Classifier::None
    }
}

/// The printed form of an error.
pub trait Described<'a> {
    /// Returns the description.
    fn __retry_description(&self) -> Description<'a>;
}

/// First choice: as an error, with its chain.
impl<'a, E: Error> Described<'a> for &&&&&Autoref<'a, E> {
    #[inline]
    fn __retry_description(&self) -> Description<'a> {
        Description::Error(self.0)
    }
}

/// Then, by its classification, which may expose an error to show.
impl<'a, E: Classify> Described<'a> for &&&&Autoref<'a, E> {
    #[inline]
    fn __retry_description(&self) -> Description<'a> {
        described(self.0)
    }
}

/// Then, as the error that it holds.
impl<'a, E: AsRef<ErrorObject>> Described<'a> for &&&Autoref<'a, E> {
    #[inline]
    fn __retry_description(&self) -> Description<'a> {
        Description::shown(self.0, self.0.as_ref())
    }
}

/// Then, by `Display`.
impl<'a, E: fmt::Display> Described<'a> for &&Autoref<'a, E> {
    #[inline]
    fn __retry_description(&self) -> Description<'a> {
        Description::Display(self.0)
    }
}

/// Then, by `Debug`.
impl<'a, E: fmt::Debug> Described<'a> for &Autoref<'a, E> {
    #[inline]
    fn __retry_description(&self) -> Description<'a> {
        Description::Debug(self.0)
    }
}

/// Last choice: by its type's name.
impl<'a, E> Described<'a> for Autoref<'a, E> {
    #[inline]
    fn __retry_description(&self) -> Description<'a> {
        Description::Named(type_name::<E>())
    }
}

/// Returns the failure of a judge and a description.
#[must_use]
#[inline]
pub const fn failure<'a>(classifier: Classifier<'a>, description: Description<'a>) -> Failure<'a> {
    Failure::new(classifier, description)
}

/// A probe for an outcome's type: [`Carry`] depends on whether the outcome may cross threads.
pub struct AutorefOutcome<R>(PhantomData<fn() -> R>);

impl<T, E> AutorefOutcome<OutcomeParts<T, E>> {
    /// Returns the probe for the type of an attempt's outcome.
    #[inline]
    pub const fn of(_outcome: &OutcomeParts<T, E>) -> Self {
        Self(PhantomData)
    }

    /// Returns the probe for the type of an outcome that is not taken apart yet.
    #[inline]
    pub const fn of_result(_outcome: &Result<T, E>) -> Self {
        Self(PhantomData)
    }
}

/// Chooses whether a cancellable wait carries the outcome.
pub trait Carry {
    /// The chosen carriage.
    type Carriage;
    /// Returns a witness of the chosen type.
    #[inline]
    fn __retry_carriage(&self) -> PhantomData<Self::Carriage> {
        PhantomData
    }
}

/// A `Send` outcome is carried.
impl<R: Send> Carry for AutorefOutcome<R> {
    type Carriage = Carried<R>;
}

/// An outcome that is not `Send` is not carried, so that the future stays `Send`.
impl<R> Carry for &AutorefOutcome<R> {
    type Carriage = NotCarried;
}
