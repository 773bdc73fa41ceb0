//! How an attribute, which sees a function's concrete error type, picks the best judge and the best
//! description that the type allows.
//!
//! Autoref specialisation (D. Tolnay's case study of that name): each trait below is implemented
//! for [`Probe`] behind one reference fewer than the trait before it, and the expansion calls the
//! method on a probe behind as many references as the first one takes, so that method resolution
//! tries them in this order and takes the first whose bound holds.

use std::any::type_name;
use std::error::Error;
use std::fmt;
use std::marker::PhantomData;

use crate::classify::Classify;
use crate::failure::{Classifier, Description, described};
use crate::pause::{Carried, NotCarried};

/// An error, before anything is known of its type.
#[derive(Debug)]
pub struct Probe<'a, E>(pub &'a E);

/// What anyhow's and eyre's errors can be looked at as.
type Object = dyn Error + Send + Sync + 'static;

/// First: the error's own classification.
pub trait JudgeOwn<'a> {
    /// The judge.
    fn classifier(&self) -> Classifier<'a>;
}
impl<'a, E: Classify> JudgeOwn<'a> for &&&&Probe<'a, E> {
    fn classifier(&self) -> Classifier<'a> {
        Classifier::Own(self.0)
    }
}

/// Then, for any error: its source chain.
pub trait JudgeError<'a> {
    /// The judge.
    fn classifier(&self) -> Classifier<'a>;
}
impl<'a, E: Error> JudgeError<'a> for &&&Probe<'a, E> {
    fn classifier(&self) -> Classifier<'a> {
        // Were the error itself known, it would implement `Classify`.
        Classifier::Chain(self.0, self.0.source())
    }
}

/// Then, for what holds an error: that error's chain.
pub trait JudgeObject<'a> {
    /// The judge.
    fn classifier(&self) -> Classifier<'a>;
}
impl<'a, E: AsRef<Object>> JudgeObject<'a> for &&Probe<'a, E> {
    fn classifier(&self) -> Classifier<'a> {
        let object: &'a (dyn Error + 'static) = self.0.as_ref();
        Classifier::Chain(self.0.as_ref(), Some(object))
    }
}

/// Then, for what can be displayed: its text.
pub trait JudgeText<'a> {
    /// The judge.
    fn classifier(&self) -> Classifier<'a>;
}
impl<'a, E: fmt::Display> JudgeText<'a> for &Probe<'a, E> {
    fn classifier(&self) -> Classifier<'a> {
        Classifier::Text(self.0)
    }
}

/// Else nobody: it is retried.
pub trait JudgeNothing<'a> {
    /// The judge.
    fn classifier(&self) -> Classifier<'a>;
}
impl<'a, E> JudgeNothing<'a> for Probe<'a, E> {
    fn classifier(&self) -> Classifier<'a> {
        Classifier::Nobody
    }
}

/// First: an error, with its chain.
pub trait DescribeError<'a> {
    /// The description.
    fn description(&self) -> Description<'a>;
}
impl<'a, E: Error> DescribeError<'a> for &&&&&Probe<'a, E> {
    fn description(&self) -> Description<'a> {
        Description::Error(self.0)
    }
}

/// Then, what classifies itself may know an error to show.
pub trait DescribeOwn<'a> {
    /// The description.
    fn description(&self) -> Description<'a>;
}
impl<'a, E: Classify> DescribeOwn<'a> for &&&&Probe<'a, E> {
    fn description(&self) -> Description<'a> {
        described(self.0)
    }
}

/// Then, what holds an error.
pub trait DescribeObject<'a> {
    /// The description.
    fn description(&self) -> Description<'a>;
}
impl<'a, E: AsRef<Object>> DescribeObject<'a> for &&&Probe<'a, E> {
    fn description(&self) -> Description<'a> {
        Description::Error(self.0.as_ref())
    }
}

/// Then, what can be displayed.
pub trait DescribeText<'a> {
    /// The description.
    fn description(&self) -> Description<'a>;
}
impl<'a, E: fmt::Display> DescribeText<'a> for &&Probe<'a, E> {
    fn description(&self) -> Description<'a> {
        Description::Display(self.0)
    }
}

/// Then, what can be debugged.
pub trait DescribeDebug<'a> {
    /// The description.
    fn description(&self) -> Description<'a>;
}
impl<'a, E: fmt::Debug> DescribeDebug<'a> for &Probe<'a, E> {
    fn description(&self) -> Description<'a> {
        Description::Debug(self.0)
    }
}

/// Else its type's name.
pub trait DescribeName<'a> {
    /// The description.
    fn description(&self) -> Description<'a>;
}
impl<'a, E> DescribeName<'a> for Probe<'a, E> {
    fn description(&self) -> Description<'a> {
        Description::Named(type_name::<E>())
    }
}

/// An outcome's type, before it is known whether it may cross threads.
pub struct OutcomeProbe<R>(PhantomData<fn() -> R>);

impl<R> OutcomeProbe<R> {
    /// The probe for the type of `outcome`.
    pub fn of(_outcome: &R) -> Self {
        Self(PhantomData)
    }
}

/// First: an outcome that is `Send` is carried through a wait that may be cancelled.
pub trait CarryOutcome {
    /// The outcome's type.
    type Outcome;
    /// The witness.
    fn carriage(&self) -> PhantomData<Carried<Self::Outcome>>;
}
impl<R: Send> CarryOutcome for OutcomeProbe<R> {
    type Outcome = R;
    fn carriage(&self) -> PhantomData<Carried<R>> {
        PhantomData
    }
}

/// Else it is not: the future must stay `Send` all the same.
pub trait LeaveOutcome {
    /// The witness.
    fn carriage(&self) -> PhantomData<NotCarried>;
}
impl<R> LeaveOutcome for &OutcomeProbe<R> {
    fn carriage(&self) -> PhantomData<NotCarried> {
        PhantomData
    }
}
