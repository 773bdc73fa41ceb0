//! What an error says about trying again: the [`Classify`] trait and its [`Verdict`].

use std::error::Error;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::chain;
use crate::text::is_retryable_display;

/// What to do after a failed attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// Try again: the attempt did not take effect, and the fault may pass.
    Retry,
    /// Try again, but not sooner than this: the server named the wait.
    ///
    /// The hint is a floor for the next wait and may pass the policy's `max_wait`, up to its
    /// `max_retry_after` (60 s unless set); a longer hint ends the call at once.
    RetryAfter(Duration),
    /// Do not try again: another attempt would fail the same way.
    Stop,
    /// The attempt may have taken effect (a timeout, a connection lost before the answer).
    ///
    /// Retried like [`Verdict::Retry`] in plain mode and under
    /// [`ExecutionGuarantee::AtLeastOnce`](crate::ExecutionGuarantee::AtLeastOnce); never retried
    /// under [`ExecutionGuarantee::ExactlyOnce`](crate::ExecutionGuarantee::ExactlyOnce).
    Unknown,
}

/// `true` for [`Verdict::Retry`], `false` for [`Verdict::Stop`].
impl From<bool> for Verdict {
    fn from(retry: bool) -> Self {
        if retry { Self::Retry } else { Self::Stop }
    }
}

/// How an error is judged and named.
///
/// Implemented for `String`, `&str`, [`std::io::Error`], boxed errors and, behind features, the
/// errors of known libraries. A `Display` error of your own takes one empty line, and is then
/// judged by its text:
///
/// ```
/// use retry_core::{Classify, Verdict};
/// # use std::fmt;
/// #[derive(Debug)]
/// enum ApiError { Busy, Forbidden }
/// # impl fmt::Display for ApiError {
/// #     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
/// #         f.write_str(match self { Self::Busy => "server busy", Self::Forbidden => "403 forbidden" })
/// #     }
/// # }
/// impl Classify for ApiError {}
///
/// assert_eq!(ApiError::Busy.classify(), Verdict::Retry);
/// assert_eq!(ApiError::Forbidden.classify(), Verdict::Stop);
/// ```
///
/// An attribute also judges errors that do not implement this trait, by their source chain or
/// their text; see the crate's section on classification.
pub trait Classify: fmt::Display {
    /// Whether another attempt makes sense.
    ///
    /// The default judges the error's text as [`is_retryable_error`](crate::is_retryable_error)
    /// does: [`Verdict::Retry`] or [`Verdict::Stop`].
    fn classify(&self) -> Verdict {
        if is_retryable_display(&self) {
            Verdict::Retry
        } else {
            Verdict::Stop
        }
    }

    /// A short name of the kind of failure, for statistics and metrics: lower snake case, from a
    /// small fixed set. The default is `"error"`.
    fn kind(&self) -> &'static str {
        "error"
    }

    /// The error as a [`dyn Error`](std::error::Error), if it is one, so that reports can carry
    /// its source chain. The default is `None`: reports then carry the text alone.
    fn as_error(&self) -> Option<&(dyn Error + 'static)> {
        None
    }
}

impl Classify for str {}
impl Classify for String {}

macro_rules! classify_by_reference {
    ($($pointer:ty),*) => {$(
        impl<T: Classify + ?Sized> Classify for $pointer {
            fn classify(&self) -> Verdict {
                (**self).classify()
            }
            fn kind(&self) -> &'static str {
                (**self).kind()
            }
            fn as_error(&self) -> Option<&(dyn Error + 'static)> {
                (**self).as_error()
            }
        }
    )*};
}
classify_by_reference!(&T, Box<T>, Rc<T>, Arc<T>);

/// Judged by the first known error in the source chain, else by text.
macro_rules! classify_by_chain {
    ($($object:ty),*) => {$(
        impl Classify for $object {
            fn classify(&self) -> Verdict {
                let object: &(dyn Error + 'static) = self;
                chain::verdict(object)
                    .unwrap_or_else(|| chain::verdict_by_text(&self, object.source()))
            }
            fn kind(&self) -> &'static str {
                chain::kind(self).unwrap_or("error")
            }
            fn as_error(&self) -> Option<&(dyn Error + 'static)> {
                Some(self)
            }
        }
    )*};
}
classify_by_chain!(
    dyn Error + 'static,
    dyn Error + Send + 'static,
    dyn Error + Send + Sync + 'static
);
