//! The meaning of an error for another attempt: the [`Classify`] trait.

use std::error::Error;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use super::chain;
use super::judgement::Judgement;

/// The judgement of an error type.
///
/// Implemented for `String`, `&str`, [`std::io::Error`], boxed errors and, behind features, the
/// errors of known libraries. For a `Display` error of your own, one empty `impl` is enough; the
/// error is then judged by its text:
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
/// assert_eq!(ApiError::Busy.classify().verdict(), Verdict::Retry);
/// assert_eq!(ApiError::Forbidden.classify().verdict(), Verdict::Stop);
/// // A text never proves that nothing happened.
/// assert!(!ApiError::Forbidden.classify().is_not_applied());
/// ```
///
/// `#[derive(Classify)]` gives a judgement to each variant; its options are on [the derive's
/// page](derive@crate::Classify). `not_applied` is for the gate (`idempotent = true`): without it
/// every failure of a gated call leaves the action in doubt.
///
/// ```
/// # #[cfg(feature = "macros")] {
/// use retry_core::{Classify, Judgement};
///
/// #[derive(Debug, thiserror::Error, Classify)]
/// enum ApiError {
///     #[error("server busy")]
///     #[classify(retry, not_applied, throttle, kind = "busy")]
///     Busy,
///     #[error("403 forbidden")]
///     #[classify(stop, not_applied)]
///     Forbidden,
///     /// Judged by the error that it holds.
///     #[error("connection failed")]
///     Connection(#[from] std::io::Error),
/// }
///
/// let busy = Judgement::retry().not_applied().throttle().with_kind("busy");
/// assert_eq!(ApiError::Busy.classify(), busy);
/// # }
/// ```
///
/// Written by hand, it is one method:
///
/// ```
/// use retry_core::{Classify, Judgement};
/// # use std::fmt;
/// # #[derive(Debug)]
/// # enum ApiError { Busy, Forbidden }
/// # impl fmt::Display for ApiError {
/// #     fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str("refused") }
/// # }
/// impl Classify for ApiError {
///     fn classify(&self) -> Judgement {
///         match self {
///             Self::Busy => Judgement::retry().not_applied().throttle().with_kind("busy"),
///             Self::Forbidden => Judgement::stop().not_applied().with_kind("forbidden"),
///         }
///     }
/// }
///
/// assert!(ApiError::Busy.classify().is_not_applied());
/// ```
///
/// `not_applied` states that the whole body of the function which returns the error had no effect, not
/// only the step that failed.
///
/// An attribute also judges errors that do not implement this trait, by their source chain or their
/// text; see the crate's section on classification. Functions and [`Retry`](crate::Retry) require
/// it, unless `retry_if` judges. An error that wraps others needs one method, `fn as_error`, which
/// makes the chain count (the derive writes it):
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
/// assert_eq!(missing.classify().verdict(), Verdict::Stop);
/// assert_eq!(missing.classify().kind(), "not_found");
/// ```
#[diagnostic::on_unimplemented(
    message = "nothing says when `{Self}` is worth another attempt",
    label = "`{Self}` is not `Classify`",
    note = "for a `Display` error of your own, `#[derive(retry_core::Classify)]` judges by words on its \
            variants and by the errors that it holds, `impl retry_core::Classify for {Self} {{}}` by \
            its text; or judge in place with `Retry::retry_if`, or `retry_if = ..` on an attribute"
)]
pub trait Classify: fmt::Display {
    /// Returns the error's meaning for the attempt that it ended: advice, proof, answer and kind.
    ///
    /// The default takes the judgement of the first known error in the chain of
    /// [`as_error`](Classify::as_error). Without one, the texts advise:
    /// [`Verdict::Stop`](crate::Verdict::Stop) where [`is_retryable_error`](crate::is_retryable_error)
    /// is false, else [`Verdict::Retry`](crate::Verdict::Retry), without proof.
    fn classify(&self) -> Judgement {
        chain::judgement_of_unstated(self)
    }

    /// Returns the error as a [`dyn Error`](std::error::Error), so that it is judged by its source chain
    /// and reported with it. The default is `None`: then only the text counts, whatever lies below it,
    /// so an error that wraps others should return `Some(self)` here.
    fn as_error(&self) -> Option<&(dyn Error + 'static)> {
        None
    }

    /// Returns the text of an error that is a `String`: its bytes keep their address while the error
    /// moves, which identifies the error later.
    #[doc(hidden)]
    fn __owned_text(&self) -> Option<&str> {
        None
    }
}

impl Classify for str {}

impl Classify for String {
    fn __owned_text(&self) -> Option<&str> {
        Some(self)
    }
}

macro_rules! classify_by_reference {
    ($($pointer:ty),*) => {$(
        impl<T: Classify + ?Sized> Classify for $pointer {
            fn classify(&self) -> Judgement {
                (**self).classify()
            }
            fn as_error(&self) -> Option<&(dyn Error + 'static)> {
                (**self).as_error()
            }
            fn __owned_text(&self) -> Option<&str> {
                (**self).__owned_text()
            }
        }
    )*};
}
classify_by_reference!(&T, Box<T>, Rc<T>, Arc<T>);

macro_rules! classify_by_chain {
    ($($object:ty),*) => {$(
        impl Classify for $object {
            fn classify(&self) -> Judgement {
                chain::judgement_of(&self, self.source(), chain::judgement(self))
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
