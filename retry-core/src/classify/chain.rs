//! Classification by source chain: the outermost known error decides.

use std::error::Error;
use std::{fmt, io, ptr};

use super::classification::Classify;
use super::judgement::{Judgement, Verdict};
use super::library::layers as other_libraries;
#[cfg(any(feature = "reqwest", feature = "reqwest-012"))]
use super::library::status_error::StatusError;
use super::message;
use super::sources::{held_as, layers};
use super::throttle;
use super::type_registry;
use crate::classify::retry_error::RetryError;

type ErrorRef<'a> = &'a (dyn Error + 'static);

/// Returns the judgement of the outermost known error in the chain that begins with `error`.
pub(crate) fn judgement(error: ErrorRef<'_>) -> Option<Judgement> {
    layers(Some(error)).find_map(known_judgement)
}

/// Returns `known` if there is one, else the advice of the texts of `top` and of the chain `below` it.
pub(crate) fn judgement_of(
    top: &dyn fmt::Display,
    below: Option<ErrorRef<'_>>,
    known: Option<Judgement>,
) -> Judgement {
    known.unwrap_or_else(|| by_texts(top, below))
}

/// Returns the default judgement of [`Classify`]: by the chain if the error exposes one, else by its
/// text.
pub(crate) fn judgement_of_unstated<E: Classify + ?Sized>(error: &E) -> Judgement {
    match error.as_error() {
        Some(view) if ptr::addr_eq(error, view) => judgement_below(&error, view, by_type(view)),
        Some(view) => judgement_below(&error, view, built_in(view)),
        None => by_texts(&error, None),
    }
}

/// Returns the judgement of an error whose own [`Classify`] requests it. Its type may be
/// [recognized](crate::recognize) and would then call itself again, so only the layers below count. It is no
/// library's either, however similar its texts: it is `own` only by its type.
fn judgement_below(
    top: &dyn fmt::Display,
    error: ErrorRef<'_>,
    own: Option<Judgement>,
) -> Judgement {
    let below = error.source();
    let known = own.or_else(|| below.and_then(judgement));
    judgement_of(top, below, known)
}

/// Returns the kind of the outermost known error in the chain that begins with `error`.
pub(crate) fn kind(error: ErrorRef<'_>) -> Option<&'static str> {
    judgement(error).map(|known| known.kind())
}

/// Returns the judgement of an error without a known error in its chain: the texts of all its layers
/// advise, and one final text is enough. A context around "404 not found" must not make it worth another
/// attempt. A text proves nothing.
pub(crate) fn by_texts(top: &dyn fmt::Display, below: Option<ErrorRef<'_>>) -> Judgement {
    let is_final = |layer: &dyn fmt::Display| message::verdict_on(layer) == Verdict::Stop;
    Judgement::by_text(
        if is_final(top) || layers(below).any(|layer| is_final(&layer)) {
            Verdict::Stop
        } else {
            Verdict::Retry
        },
    )
}

/// Whether the text of `top`, or of a layer below it, reports too many calls.
pub(crate) fn says_throttled(top: &dyn fmt::Display, below: Option<ErrorRef<'_>>) -> bool {
    throttle::says_throttled(top) || layers(below).any(|layer| throttle::says_throttled(&layer))
}

fn known_judgement(error: ErrorRef<'_>) -> Option<Judgement> {
    built_in(error).or_else(|| type_registry::judgement(error))
}

/// Returns the judgement of an error that this crate knows without a registration: by type, or by the printed
/// form of a layer for libraries that are no dependency.
fn built_in(error: ErrorRef<'_>) -> Option<Judgement> {
    by_type(error).or_else(|| other_libraries::judgement(error))
}

/// The only list of types that this crate knows without a registration.
fn by_type(error: ErrorRef<'_>) -> Option<Judgement> {
    macro_rules! first_of {
        ($($(#[$when:meta])* $known:ty),* $(,)?) => {$(
            $(#[$when])*
            if let Some(found) = held_as::<$known>(error) {
                return Some(found.classify());
            }
        )*};
    }
    first_of!(
        io::Error,
        RetryError,
        tokio::task::JoinError,
        tokio::time::error::Elapsed,
        tokio::sync::AcquireError,
        tokio::sync::TryAcquireError,
        tokio::sync::oneshot::error::RecvError,
        tokio::sync::oneshot::error::TryRecvError,
        tokio::sync::mpsc::error::TryRecvError,
        tokio::sync::broadcast::error::RecvError,
        tokio::sync::broadcast::error::TryRecvError,
        tokio::sync::watch::error::RecvError,
        #[cfg(feature = "reqwest")]
        reqwest::Error,
        #[cfg(feature = "reqwest-012")]
        reqwest_012::Error,
        #[cfg(any(feature = "reqwest", feature = "reqwest-012"))]
        StatusError,
        #[cfg(feature = "hyper")]
        hyper::Error,
        #[cfg(feature = "h2")]
        h2::Error,
        #[cfg(feature = "tonic")]
        tonic::Status,
        #[cfg(feature = "sqlx")]
        sqlx::Error,
        #[cfg(feature = "sqlx-08")]
        sqlx_08::Error,
        #[cfg(feature = "tokio-postgres")]
        tokio_postgres::Error,
        #[cfg(feature = "redis")]
        redis::RedisError,
    );
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::recognize::recognize;
    use std::sync::Arc;

    /// A wrapper that states nothing.
    #[derive(Debug, thiserror::Error)]
    #[error("permission denied")]
    struct Wrapper<E: Error + 'static>(#[source] E);

    #[derive(Debug, thiserror::Error)]
    #[error("the order is refused")]
    struct Refused;

    impl Classify for Refused {
        fn classify(&self) -> Judgement {
            Judgement::stop().not_applied().with_kind("refused")
        }
    }

    /// A user's error with the name and the text of a pool's.
    #[derive(Debug, thiserror::Error)]
    enum Job {
        #[error("Pool has been closed")]
        Closed,
    }

    impl Classify for Job {
        fn as_error(&self) -> Option<&(dyn Error + 'static)> {
            Some(self)
        }
    }

    #[test]
    fn an_error_that_judges_itself_is_no_librarys() {
        assert!(!Job::Closed.classify().is_not_applied());
        assert!(!Box::new(Job::Closed).classify().is_not_applied());
        // Nobody knows whose it is.
        assert_eq!(kind(&Job::Closed), Some("pool_closed"));
    }

    /// An error that is shared, because its type cannot be cloned, or boxed, because it is large.
    #[test]
    fn an_error_in_an_arc_or_a_box_is_a_layer() {
        let io = || io::Error::from(io::ErrorKind::ConnectionRefused);
        for held in [
            kind(&Wrapper(io())),
            kind(&Wrapper(Arc::new(io()))),
            kind(&Wrapper(Box::new(io()))),
            kind(&Wrapper(Wrapper(Arc::new(io())))),
            kind(&io::Error::other(Arc::new(io()))),
        ] {
            assert_eq!(held, Some("connection_refused"));
        }
        assert_eq!(kind(&Wrapper(Arc::new(Refused))), None);
        recognize::<Refused>();
        assert_eq!(kind(&Wrapper(Arc::new(Refused))), Some("refused"));
        assert_eq!(kind(&Wrapper(Box::new(Refused))), Some("refused"));
    }

    /// A booking that may stand, though the last connection was refused.
    #[derive(Debug, thiserror::Error)]
    #[error("no confirmation")]
    struct Booked(#[source] io::Error);

    impl Classify for Booked {
        fn classify(&self) -> Judgement {
            Judgement::retry().unknown().with_kind("booked")
        }
    }

    fn booked() -> Booked {
        Booked(io::ErrorKind::ConnectionRefused.into())
    }

    #[test]
    fn a_shared_object_is_the_error_that_it_holds() {
        recognize::<Booked>();
        let shared: Arc<dyn Error + Send + Sync> = Arc::new(booked());
        assert_eq!(kind(&Wrapper(shared.clone())), Some("booked"));
        assert_eq!(kind(&Wrapper(Wrapper(shared.clone()))), Some("booked"));
        let object: &(dyn Error + 'static) = &shared;
        assert!(!object.classify().is_not_applied());
        let shared: Arc<dyn Error + Send> = Arc::new(booked());
        assert_eq!(kind(&Wrapper(shared)), Some("booked"));
        let shared: Arc<dyn Error> = Arc::new(booked());
        assert_eq!(kind(&Wrapper(shared)), Some("booked"));
    }

    /// A report's top layer is the error that it holds: no layer is passed over.
    #[cfg(any(feature = "anyhow", feature = "eyre"))]
    #[test]
    fn a_report_is_the_error_that_it_holds() {
        recognize::<Booked>();
        #[cfg(feature = "anyhow")]
        for report in [
            anyhow::Error::from(booked()),
            anyhow::Error::from(booked()).context("in a shop"),
        ] {
            let judged = report.classify();
            assert_eq!((judged.kind(), judged.is_not_applied()), ("booked", false));
        }
        #[cfg(feature = "eyre")]
        {
            // Another test may have set one.
            let _ = eyre::set_hook(Box::new(eyre::DefaultHandler::default_with));
            let judged = eyre::Report::from(booked()).classify();
            assert_eq!((judged.kind(), judged.is_not_applied()), ("booked", false));
        }
    }
}
