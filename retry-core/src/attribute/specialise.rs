//! How an attribute, which sees a function's concrete types, picks the best that they allow.
//!
//! Autoref specialisation (D. Tolnay's case study of that name): a trait is implemented for a probe
//! behind one reference fewer for each weaker bound, and the expansion calls its method on a probe
//! behind one reference more than the strongest takes. Method resolution takes references off one
//! by one, and so finds the strongest implementation whose bound holds.

use std::any::type_name;
use std::error::Error;
use std::fmt;
use std::marker::PhantomData;

use crate::classify::classification::Classify;
use crate::classify::failure::{Classifier, Description, Failure, described};
use crate::engine::wait::{Carried, NotCarried};

/// An error, before anything is known of its type.
#[derive(Debug)]
pub struct Probe<'a, E>(pub &'a E);

/// What anyhow's and eyre's errors can be looked at as.
pub(crate) type Object = dyn Error + Send + Sync + 'static;

/// Who judges the error.
pub trait Judged<'a> {
    /// The judge.
    fn __retry_classifier(&self) -> Classifier<'a>;
}

/// First its own classification.
impl<'a, E: Classify> Judged<'a> for &&&&Probe<'a, E> {
    #[inline]
    fn __retry_classifier(&self) -> Classifier<'a> {
        Classifier::Own(self.0)
    }
}

/// Then, for any error, its source chain: were it known itself, it would be [`Classify`].
impl<'a, E: Error> Judged<'a> for &&&Probe<'a, E> {
    #[inline]
    fn __retry_classifier(&self) -> Classifier<'a> {
        Classifier::Chain(self.0, self.0.source())
    }
}

/// Then, for what holds an error, that error's chain.
impl<'a, E: AsRef<Object>> Judged<'a> for &&Probe<'a, E> {
    #[inline]
    fn __retry_classifier(&self) -> Classifier<'a> {
        Classifier::Chain(self.0.as_ref(), Some(self.0.as_ref()))
    }
}

/// Then, for what can be displayed, its text.
impl<'a, E: fmt::Display> Judged<'a> for &Probe<'a, E> {
    #[inline]
    fn __retry_classifier(&self) -> Classifier<'a> {
        Classifier::Text(self.0)
    }
}

/// Else nobody: it is retried.
impl<'a, E> Judged<'a> for Probe<'a, E> {
    #[inline]
    fn __retry_classifier(&self) -> Classifier<'a> {
        Classifier::Nobody
    }
}

/// What an error of a gated function proves: it must be able to say so.
#[diagnostic::on_unimplemented(
    message = "`idempotent` must know which `{Self}` proves that nothing happened",
    label = "`{Self}` is not `Classify`",
    note = "derive it: `#[derive(retry_core::Classify)]`, with `#[classify(stop, not_applied)]` on each \
            variant after which it is certain that nothing happened",
    note = "or write `impl retry_core::Classify for {Self} {{}}`: its text then advises, and every failure \
            leaves the action in doubt, unless `not_applied_if = ..` on the attribute states otherwise"
)]
pub trait Proves {}

/// Under the gate: first the error's own classification.
pub trait JudgedAtGate<'a> {
    /// What judges.
    fn __retry_classifier_at_gate(&self) -> Classifier<'a>;
}

impl<'a, E: Classify> JudgedAtGate<'a> for &&Probe<'a, E> {
    #[inline]
    fn __retry_classifier_at_gate(&self) -> Classifier<'a> {
        Classifier::Own(self.0)
    }
}

/// Then, for what holds an error, that error's chain.
pub trait JudgedByChainAtGate<'a> {
    /// What judges.
    fn __retry_classifier_at_gate(&self) -> Classifier<'a>;
}

impl<'a, E: AsRef<Object>> JudgedByChainAtGate<'a> for &Probe<'a, E> {
    #[inline]
    fn __retry_classifier_at_gate(&self) -> Classifier<'a> {
        Classifier::Chain(self.0.as_ref(), Some(self.0.as_ref()))
    }
}

/// Else it is refused, with a message that says what to write.
pub trait NotJudgedAtGate<'a> {
    /// The error.
    type Error;
    /// Nothing judges: it does not compile.
    fn __retry_classifier_at_gate(&self) -> Classifier<'a>
    where
        Self::Error: Proves;
}

impl<'a, E> NotJudgedAtGate<'a> for Probe<'a, E> {
    type Error = E;

    fn __retry_classifier_at_gate(&self) -> Classifier<'a>
    where
        E: Proves,
    {
        Classifier::Nobody
    }
}

/// How the error is printed.
pub trait Described<'a> {
    /// The description.
    fn __retry_description(&self) -> Description<'a>;
}

/// First as an error, with its chain.
impl<'a, E: Error> Described<'a> for &&&&&Probe<'a, E> {
    #[inline]
    fn __retry_description(&self) -> Description<'a> {
        Description::Error(self.0)
    }
}

/// Then, what classifies itself may know an error to show.
impl<'a, E: Classify> Described<'a> for &&&&Probe<'a, E> {
    #[inline]
    fn __retry_description(&self) -> Description<'a> {
        described(self.0)
    }
}

/// Then as the error that it holds.
impl<'a, E: AsRef<Object>> Described<'a> for &&&Probe<'a, E> {
    #[inline]
    fn __retry_description(&self) -> Description<'a> {
        Description::shown(self.0, self.0.as_ref())
    }
}

/// Then as it displays.
impl<'a, E: fmt::Display> Described<'a> for &&Probe<'a, E> {
    #[inline]
    fn __retry_description(&self) -> Description<'a> {
        Description::Display(self.0)
    }
}

/// Then as it debugs.
impl<'a, E: fmt::Debug> Described<'a> for &Probe<'a, E> {
    #[inline]
    fn __retry_description(&self) -> Description<'a> {
        Description::Debug(self.0)
    }
}

/// Else by its type's name.
impl<'a, E> Described<'a> for Probe<'a, E> {
    #[inline]
    fn __retry_description(&self) -> Description<'a> {
        Description::Named(type_name::<E>())
    }
}

/// The failure that a judge and a description make.
#[must_use]
#[inline]
pub const fn failure<'a>(classifier: Classifier<'a>, description: Description<'a>) -> Failure<'a> {
    Failure::new(classifier, description)
}

/// An outcome's type, before it is known whether it may cross threads.
pub struct OutcomeProbe<R>(PhantomData<fn() -> R>);

impl<R> OutcomeProbe<R> {
    /// The probe for the type of an attempt's outcome.
    #[inline]
    pub const fn of(_outcome: &R) -> Self {
        Self(PhantomData)
    }
}

/// Whether a wait that may be cancelled carries the outcome.
pub trait Carry {
    /// How it does.
    type Carriage;
    /// The witness.
    #[inline]
    fn __retry_carriage(&self) -> PhantomData<Self::Carriage> {
        PhantomData
    }
}

/// What is `Send` is carried.
impl<R: Send> Carry for OutcomeProbe<R> {
    type Carriage = Carried<R>;
}

/// The rest is not: the future must stay `Send` all the same.
impl<R> Carry for &OutcomeProbe<R> {
    type Carriage = NotCarried;
}
