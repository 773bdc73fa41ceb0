//! What an error says about trying again: the [`Classify`] trait and its [`Verdict`].

use std::error::Error;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::chain;
use crate::text;
use crate::throttle;

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
    #[inline]
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
/// their text; see the crate's section on classification. Functions and [`Retry`](crate::Retry)
/// ask for it, unless `retry_if` judges. For an error that wraps others the line is
/// `fn as_error`, which makes the chain count:
///
/// ```
/// use std::{error::Error, io};
/// use retry_core::{Classify, Verdict};
///
/// #[derive(Debug, thiserror::Error)]
/// #[error("cannot load")]
/// struct LoadError(#[from] io::Error);
///
/// impl Classify for LoadError {
///     fn as_error(&self) -> Option<&(dyn Error + 'static)> { Some(self) }
/// }
///
/// let missing = LoadError(io::ErrorKind::NotFound.into());
/// assert_eq!(missing.classify(), Verdict::Stop);
/// assert_eq!(missing.kind(), "not_found");
/// ```
#[diagnostic::on_unimplemented(
    message = "nothing says when `{Self}` is worth another attempt",
    label = "`{Self}` is not `Classify`",
    note = "for a `Display` error of your own, `impl retry_core::Classify for {Self} {{}}` judges by \
            its text; or judge in place with `Retry::retry_if`, or `retry_if = ..` on an attribute"
)]
pub trait Classify: fmt::Display {
    /// Whether another attempt makes sense.
    ///
    /// The default judges the text: [`Verdict::Stop`] where
    /// [`is_retryable_error`](crate::is_retryable_error) says no, else [`Verdict::Unknown`] where it
    /// says `timed out`, `timeout` or `deadline`, in any case. Where
    /// [`as_error`](Classify::as_error) gives an error, that one's source chain comes first.
    fn classify(&self) -> Verdict {
        match self.as_error() {
            Some(error) => chain::verdict(error)
                .unwrap_or_else(|| chain::verdict_by_text(&self, error.source())),
            None => text::verdict_on(&self),
        }
    }

    /// Whether the attempt may have taken effect: what a gate (`idempotent = true`) asks, where
    /// [`classify`](Classify::classify) says whether to try again.
    ///
    /// The default is yes for [`Verdict::Unknown`]; and for a [`Verdict::Stop`] whose text says
    /// `timed out`, `timeout` or `deadline` ("authentication timed out" is not worth another
    /// attempt, and may have happened), unless its source chain holds a known error.
    fn is_unknown(&self) -> bool {
        match self.classify() {
            Verdict::Unknown => true,
            Verdict::Stop => match self.as_error() {
                Some(error) => {
                    chain::verdict(error).is_none() && chain::is_unknown(&self, error.source())
                }
                None => text::says_unknown(&self),
            },
            Verdict::Retry | Verdict::RetryAfter(_) => false,
        }
    }

    /// Whether the other side asks for fewer calls: what an
    /// [`AdaptiveLimiter`](crate::AdaptiveLimiter) slows down for.
    ///
    /// The default is yes for [`Verdict::RetryAfter`], and where the kind, the text or that of a
    /// source says 429 (as a number of its own), `too many requests`, `rate limit`, `throttl…`,
    /// `slow down` or `resource_exhausted`, in any case and joined in any way (`TooManyRequests`).
    ///
    /// ```
    /// use retry_core::Classify;
    ///
    /// assert!("ThrottlingException: Rate exceeded".is_throttle());
    /// assert!(!"connection reset by peer".is_throttle());
    /// ```
    fn is_throttle(&self) -> bool {
        let below = self.as_error().and_then(Error::source);
        matches!(self.classify(), Verdict::RetryAfter(_))
            || throttle::says_throttled(&self.kind())
            || chain::says_throttled(&self, below)
    }

    /// A short name of the kind of failure, for statistics and metrics: lower snake case, from a
    /// small fixed set. The default is that of the first known error in the chain of
    /// [`as_error`](Classify::as_error), else `"error"`.
    ///
    /// On an [`std::io::Error`] the inherent `kind` comes first: write `Classify::kind(&error)`.
    fn kind(&self) -> &'static str {
        self.as_error().and_then(chain::kind).unwrap_or("error")
    }

    /// The error as a [`dyn Error`](std::error::Error), so that it is judged by its source chain
    /// and reported with it. The default is `None`: the text alone then counts, whatever lies
    /// below it, so an error that wraps others should return `Some(self)` here.
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
            fn is_unknown(&self) -> bool {
                (**self).is_unknown()
            }
            fn is_throttle(&self) -> bool {
                (**self).is_throttle()
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

macro_rules! classify_by_chain {
    ($($object:ty),*) => {$(
        impl Classify for $object {
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
