//! Classification by source chain: the first known error decides.

use std::error::Error;
use std::sync::OnceLock;
use std::{fmt, io};

use crate::classify::{Classify, Verdict};
use crate::error::RetryError;
use crate::text;
use crate::throttle;

type Node<'a> = &'a (dyn Error + 'static);

/// The verdict of `top` with `below` under it: by what is known there, else by the texts.
pub(crate) fn verdict_of(top: &dyn fmt::Display, below: Option<Node<'_>>) -> Verdict {
    below
        .and_then(verdict)
        .unwrap_or_else(|| verdict_by_text(top, below))
}

/// The verdict of the first known error in the chain that begins with `error`.
pub(crate) fn verdict(error: Node<'_>) -> Option<Verdict> {
    first_known(error).map(Classify::classify)
}

/// The kind of the first known error in the chain that begins with `error`.
pub(crate) fn kind(error: Node<'_>) -> Option<&'static str> {
    first_known(error).map(Classify::kind)
}

/// The verdict of an error with nothing known in its chain: by the texts of all its layers, of
/// which one final text is enough. A context put around "404 not found" must not make it worth
/// another attempt.
pub(crate) fn verdict_by_text(top: &dyn fmt::Display, below: Option<Node<'_>>) -> Verdict {
    let mut verdict = text::verdict_on(top);
    for layer in layers(below) {
        match (verdict, text::verdict_on(&layer)) {
            (Verdict::Stop, _) => break,
            (_, Verdict::Retry) => {}
            (_, more) => verdict = more,
        }
    }
    verdict
}

/// Whether the effect may have happened: by the first known error, else by any text.
pub(crate) fn is_unknown(top: &dyn fmt::Display, below: Option<Node<'_>>) -> bool {
    below.and_then(verdict).map_or_else(
        || text::says_unknown(top) || layers(below).any(|layer| text::says_unknown(&layer)),
        |known| known == Verdict::Unknown,
    )
}

/// Whether `top` with `below` under it asks for fewer calls: by what is known there, or by any text.
pub(crate) fn is_throttle(top: &dyn fmt::Display, below: Option<Node<'_>>) -> bool {
    below
        .and_then(first_known)
        .is_some_and(Classify::is_throttle)
        || says_throttled(top, below)
}

/// Whether `top` or a layer under it says that there were too many calls.
pub(crate) fn says_throttled(top: &dyn fmt::Display, below: Option<Node<'_>>) -> bool {
    throttle::says_throttled(top) || layers(below).any(|layer| throttle::says_throttled(&layer))
}

fn first_known(error: Node<'_>) -> Option<&dyn Classify> {
    layers(Some(error)).find_map(known)
}

/// A chain longer than this is taken for a cycle.
const LONGEST_CHAIN: usize = 64;

/// `first` and its sources, outermost first.
pub(crate) fn layers(first: Option<Node<'_>>) -> impl Iterator<Item = Node<'_>> {
    std::iter::successors(first, |error| (**error).source()).take(LONGEST_CHAIN)
}

/// The one list of error types that a chain is searched for.
fn known(error: Node<'_>) -> Option<&dyn Classify> {
    macro_rules! first_of {
        ($($(#[$when:meta])* $known:ty),* $(,)?) => {$(
            $(#[$when])*
            if let Some(found) = error.downcast_ref::<$known>() {
                return Some(found);
            }
        )*};
    }
    first_of!(
        io::Error,
        RetryError,
        #[cfg(feature = "reqwest")]
        reqwest::Error,
        #[cfg(feature = "tonic")]
        tonic::Status,
        #[cfg(feature = "sqlx")]
        sqlx::Error,
        #[cfg(feature = "tokio-postgres")]
        tokio_postgres::Error,
        #[cfg(feature = "redis")]
        redis::RedisError,
    );
    FURTHER.get().and_then(|further| further(error))
}

/// Looks whether an error is one that a crate above this one knows.
pub type Further = for<'a> fn(Node<'a>) -> Option<&'a dyn Classify>;

static FURTHER: OnceLock<Further> = OnceLock::new();

/// Makes errors of a crate above this one known in chains. The first one to ask is heard.
pub fn know_further(further: Further) {
    let _ = FURTHER.set(further);
}
