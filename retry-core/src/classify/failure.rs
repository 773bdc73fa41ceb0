//! [`Failure`]: a failed attempt as the engine sees it, with its judgement and its description.

use std::error::Error;
use std::fmt;

use super::chain;
use super::classification::Classify;
use super::imprint;
use super::imprint::Imprint;
use super::judgement::{Answer, Judgement, Proof, Verdict};
use super::message;
use super::sources::layers;
use super::throttle;
use crate::text::display::text_of;
use crate::text::redaction::{Redacted, redacted_text};

/// A failed attempt, borrowed from its outcome.
///
/// `Copy`, and made inline: the engine's fast path reads only the verdict, so the rest is never built.
#[derive(Clone, Copy, Debug)]
pub struct Failure<'a> {
    classifier: Classifier<'a>,
    /// The classifier's judgement, once computed.
    own: Option<Judgement>,
    /// The verdict of a predicate or of a gate: it takes precedence over the classifier's.
    verdict: Option<Verdict>,
    description: Description<'a>,
}

/// The judgement of a failure, without what the failure borrows from its error: it stays valid while the
/// error moves.
#[derive(Clone, Copy, Debug)]
pub enum Advice {
    /// By a predicate or a gate, with the classifier's judgement, if it was needed.
    Verdict(Verdict, Option<Judgement>),
    /// By the classifier.
    Judgement(Judgement),
}

impl Advice {
    #[inline]
    pub(crate) const fn verdict(&self) -> Verdict {
        match self {
            Self::Verdict(verdict, _) => *verdict,
            Self::Judgement(own) => own.verdict(),
        }
    }
}

/// The source of an error's judgement: the most exact that its type allows.
#[derive(Clone, Copy)]
pub enum Classifier<'a> {
    /// The error's own [`Classify`].
    Own(&'a dyn Classify),
    /// The outermost known error below it, else the texts of all layers.
    Chain(&'a dyn fmt::Display, Option<&'a (dyn Error + 'static)>),
    /// The error's text.
    Text(&'a dyn fmt::Display),
    /// No information: the error is retried.
    None,
    /// The engine cut the attempt: it may have taken effect.
    TimedOut,
}

/// The printed form of an error: the most complete that its type allows.
#[derive(Clone, Copy)]
pub enum Description<'a> {
    /// The error with its chain.
    Error(&'a (dyn Error + 'a)),
    /// The error with its chain, behind a pointer: its address stays while its holder moves.
    Boxed(&'a (dyn Error + 'a)),
    /// A `String`, whose bytes keep their address.
    Text(&'a str),
    /// The error's `Display`.
    Display(&'a dyn fmt::Display),
    /// The error's `Debug`.
    Debug(&'a dyn fmt::Debug),
    /// A fixed text: the name of the type, or a text in place of an error.
    Named(&'static str),
}

impl Classifier<'_> {
    /// Inlined where the error's type is known: its own judgement is then a direct call.
    #[inline]
    fn judgement(&self) -> Judgement {
        match *self {
            Self::Own(own) => own.classify(),
            _ => self.foreign_judgement(),
        }
    }

    /// Returns the judgement of an error that does not judge itself.
    fn foreign_judgement(&self) -> Judgement {
        match *self {
            Self::Own(own) => own.classify(),
            Self::Chain(top, below) => {
                chain::judgement_of(top, below, below.and_then(chain::judgement))
            }
            Self::Text(text) => Judgement::by_text(message::verdict_on(text)),
            Self::None => Judgement::by_text(Verdict::Retry),
            Self::TimedOut => Judgement::retry()
                .unknown()
                .with_kind("attempt_timeout")
                .without_throttle(),
        }
    }

    /// Returns the error's text, and the chain below it.
    fn texts(&self) -> Option<(&dyn fmt::Display, Option<&(dyn Error + 'static)>)> {
        match self {
            Self::Own(own) => Some((own, own.as_error().and_then(Error::source))),
            Self::Chain(top, below) => Some((top, *below)),
            Self::Text(text) => Some((text, None)),
            Self::None | Self::TimedOut => None,
        }
    }
}

impl<'a> Failure<'a> {
    /// Makes a failure that `classifier` judges.
    #[must_use]
    #[inline]
    pub const fn new(classifier: Classifier<'a>, description: Description<'a>) -> Self {
        Self {
            classifier,
            own: None,
            verdict: None,
            description,
        }
    }

    /// Makes the failure of a value that `judge` or `retry_on_ok` does not accept.
    #[must_use]
    #[inline]
    pub const fn unaccepted(judgement: Judgement) -> Self {
        Self {
            own: Some(judgement),
            ..Self::new(
                Classifier::None,
                Description::Named("the result was not accepted"),
            )
        }
    }

    /// Makes the failure of an attempt that was cut or broken off: it may have taken effect.
    #[must_use]
    pub const fn cut() -> Self {
        Self::new(
            Classifier::TimedOut,
            Description::Named("the attempt was cut"),
        )
    }

    /// Replaces the advice by `verdict`.
    #[must_use]
    #[inline]
    pub const fn with_verdict(mut self, verdict: Verdict) -> Self {
        self.verdict = Some(verdict);
        self
    }

    /// Replaces the judgement by that of `judge`, in place of the classifier. Of an attempt that its own
    /// timeout has cut only the advice counts, as for [`with_verdict`](Self::with_verdict).
    #[must_use]
    #[inline]
    pub fn judged_as(mut self, judgement: Judgement, timed_out: bool) -> Self {
        if timed_out {
            return self.with_verdict(judgement.verdict()).timed_out(true);
        }
        self.own = Some(judgement);
        self
    }

    /// Applies the function's own proof about its error: `states` is called only if neither the error's
    /// type nor a known library has stated whether the attempt took effect.
    #[must_use]
    pub fn not_applied_if(mut self, states: impl FnOnce() -> bool) -> Self {
        let own = self.own();
        let is_open = matches!(own.proof(), Proof::Unstated | Proof::Unrecognized);
        self.own = Some(if is_open && states() {
            own.not_applied()
        } else {
            own
        });
        self
    }

    /// Returns the failure of an attempt that its own timeout may have cut. A cut attempt has no
    /// error of its own, so the classifier's verdict is dropped; a predicate's verdict stays.
    #[inline]
    pub(crate) fn timed_out(self, timed_out: bool) -> Self {
        if timed_out {
            Self {
                classifier: Classifier::TimedOut,
                own: None,
                ..self
            }
        } else {
            self
        }
    }

    /// Returns the advice of the predicate, else of the classifier.
    #[must_use]
    #[inline]
    pub fn advice(&self) -> Advice {
        match self.verdict {
            Some(verdict) => Advice::Verdict(verdict, self.own),
            None => Advice::Judgement(self.own()),
        }
    }

    /// Returns the failure of the error that `advice` was given on, as it was judged then.
    #[inline]
    pub(crate) const fn advised(mut self, advice: Advice) -> Self {
        (self.verdict, self.own) = match advice {
            Advice::Verdict(verdict, own) => (Some(verdict), own),
            Advice::Judgement(own) => (None, Some(own)),
        };
        self
    }

    #[inline]
    pub(crate) fn verdict(&self) -> Verdict {
        self.advice().verdict()
    }

    /// Returns the classifier's judgement.
    #[inline]
    fn own(&self) -> Judgement {
        self.own.unwrap_or_else(|| self.classifier.judgement())
    }

    /// Returns the whole judgement of the failure, a predicate's advice included.
    pub(crate) fn judgement(&self) -> Judgement {
        let own = self.own();
        self.verdict.map_or(own, |verdict| own.advising(verdict))
    }

    /// Whether it is proved that the attempt had no effect, whatever a predicate advises.
    #[must_use]
    pub fn is_not_applied(&self) -> bool {
        self.own().is_not_applied()
    }

    /// Whether the proof is about the whole body, and not only about the step that failed.
    #[must_use]
    pub fn is_stated(&self) -> bool {
        self.own().proof() == Proof::NotApplied
    }

    /// Whether the error is unknown, so that only its text advises.
    #[must_use]
    pub fn is_unrecognized(&self) -> bool {
        self.own().proof() == Proof::Unrecognized
    }

    pub(crate) fn proof(&self) -> Proof {
        self.own().proof()
    }

    /// Returns whether the other side answered, whatever a predicate or a gate advises.
    pub(crate) fn answer(&self) -> Answer {
        self.own().answer()
    }

    /// Whether the other side requests fewer calls: by a predicate that names a wait, else by the
    /// judgement, else by the texts.
    pub(crate) fn is_throttle(&self) -> bool {
        let own = self.own();
        if matches!(self.verdict, Some(Verdict::RetryAfter(_))) || own.is_throttle() {
            return true;
        }
        !own.settles_throttle()
            && (throttle::says_throttled(&own.kind())
                || self
                    .classifier
                    .texts()
                    .is_some_and(|(top, below)| chain::says_throttled(top, below)))
    }

    /// Whether another attempt would fail the same way.
    #[must_use]
    pub fn is_stop(&self) -> bool {
        self.verdict() == Verdict::Stop
    }

    pub(crate) fn kind(&self) -> &'static str {
        let own = self.own();
        let below = || match self.classifier {
            Classifier::Own(error) => error.as_error().and_then(Error::source),
            _ => None,
        };
        match own.kind() {
            // A type that judges by itself may leave the kind to the error inside.
            "error" => below().and_then(chain::kind).unwrap_or("error"),
            kind => kind,
        }
    }

    pub(crate) const fn description(&self) -> Description<'a> {
        self.description
    }

    /// Returns an imprint of the error, by which a later error that carries it is recognised.
    pub(crate) fn imprint(&self) -> Imprint {
        let top = self.description.as_error();
        let below = layers(top.and_then(Error::source)).map(|layer| text_of(&layer));
        let mut imprint = Imprint::of_texts(std::iter::once(self.text()).chain(below).collect());
        let moving = match self.description {
            Description::Error(error) => imprint::place(error),
            _ => 0..0,
        };
        if let Description::Text(text) = self.description {
            imprint.add_text(text);
        }
        let first = match self.classifier {
            Classifier::Own(own) => own.as_error(),
            Classifier::Chain(_, below) => below,
            _ => None,
        };
        for layer in layers(first) {
            imprint.add_layer(layer, &moving);
        }
        imprint
    }

    /// Returns the error's text.
    #[must_use]
    pub fn text(&self) -> String {
        text_of(&self.description)
    }

    /// Returns the error's text with those of its sources, outermost first: `no answer: connection reset`.
    /// A text that stands in an outer one already is left out.
    #[must_use]
    pub fn chain_text(&self) -> String {
        let below = self.description.as_error().and_then(Error::source);
        layers(below).fold(self.text(), |mut texts, layer| {
            let text = text_of(&layer);
            if !texts.contains(&text) {
                texts.push_str(": ");
                texts.push_str(&text);
            }
            texts
        })
    }
}

impl fmt::Debug for Classifier<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Classifier")
    }
}

/// Redacted: a [`Failure`] that is printed for debugging goes into a log.
impl fmt::Debug for Description<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Redacted(self), f)
    }
}

impl fmt::Display for Description<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An error that fails to display itself is shown up to that point: if the failure were passed
        // on, a subscriber that formats would panic.
        let _ = match self {
            Self::Error(error) | Self::Boxed(error) => fmt::Display::fmt(error, f),
            Self::Text(text) => f.write_str(text),
            Self::Display(text) => text.fmt(f),
            Self::Debug(value) => value.fmt(f),
            Self::Named(name) => f.write_str(name),
        };
        Ok(())
    }
}

impl<'a> Description<'a> {
    /// Describes the error that a holder shows: itself, a part of itself, or an error behind a pointer.
    #[inline]
    pub(crate) fn shown<E>(holder: &'a E, error: &'a (dyn Error + 'a)) -> Self {
        let holder = imprint::place(holder);
        let start = imprint::place(error).start;
        if start == holder.start || holder.contains(&start) {
            Self::Error(error)
        } else {
            Self::Boxed(error)
        }
    }

    fn as_error(self) -> Option<&'a (dyn Error + 'a)> {
        match self {
            Self::Error(error) | Self::Boxed(error) => Some(error),
            _ => None,
        }
    }

    /// Returns an owned copy of the error's texts with its chain, which a subscriber can take as an
    /// error. URLs carry no secrets in it.
    pub(crate) fn snapshot(self) -> Snapshot {
        let debug = match self {
            Self::Error(error) | Self::Boxed(error) => redacted_text(&format_args!("{error:?}")),
            Self::Debug(value) => redacted_text(&format_args!("{value:?}")),
            Self::Text(_) | Self::Display(_) | Self::Named(_) => redacted_text(&self),
        };
        let below = self.as_error().and_then(Error::source);
        let below: Vec<_> = layers(below).collect();
        let source = below.into_iter().rfold(None, |source, layer| {
            let (text, debug) = (
                redacted_text(&layer),
                redacted_text(&format_args!("{layer:?}")),
            );
            Some(Box::new(Snapshot {
                text,
                debug,
                source,
            }))
        });
        Snapshot {
            text: redacted_text(&self),
            debug,
            source,
        }
    }
}

/// Returns the texts of an error and of its chain, redacted for logs.
#[must_use]
pub fn snapshot(error: &(dyn Error + 'static)) -> Snapshot {
    Description::Error(error).snapshot()
}

/// An error's texts, owned and redacted: events need a `'static` error, and errors may borrow.
pub struct Snapshot {
    text: String,
    /// The error's `Debug`, from which error trackers read the name of its type.
    debug: String,
    source: Option<Box<Self>>,
}

impl fmt::Display for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.debug)
    }
}

impl Error for Snapshot {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}

/// Failures for a caller without an attribute, from an `E: Classify`.
impl<'a> Failure<'a> {
    #[inline]
    pub(crate) fn classified<E: Classify>(error: &'a E) -> Self {
        Self::new(Classifier::Own(error), described(error))
    }
}

/// Describes the error with its chain, if it exposes one.
#[inline]
pub(crate) fn described<E: Classify>(error: &E) -> Description<'_> {
    match error.as_error() {
        Some(shown) => Description::shown(error, shown),
        None => error
            .__owned_text()
            .map_or(Description::Display(error), Description::Text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;
    use std::time::Duration;

    /// Only its text and its source are known.
    #[derive(Debug, thiserror::Error)]
    #[error("{0}")]
    struct Wrapped(&'static str, #[source] io::Error);

    impl Classify for Wrapped {
        fn as_error(&self) -> Option<&(dyn Error + 'static)> {
            Some(self)
        }
    }

    /// An error whose text gives no advice; the server named a wait.
    struct Busy;

    impl fmt::Display for Busy {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("busy")
        }
    }

    impl Classify for Busy {
        fn classify(&self) -> Judgement {
            Judgement::retry_after(Duration::from_secs(1))
        }
    }

    #[test]
    fn the_debug_text_of_a_failure_is_redacted() {
        let described = Description::Text("no answer from https://u:SECRET@host/?key=SECRET");
        let failure = Failure::new(Classifier::None, described);
        assert!(format!("{failure:?}").contains("no answer from https://…@host/?…"));
        assert!(!format!("{failure:?}").contains("SECRET"));
    }

    #[test]
    fn throttling_by_hint_kind_text_and_source() {
        let reset = || io::Error::from(io::ErrorKind::ConnectionReset);
        let limited = || io::Error::other("rate limit exceeded");
        let named = Description::Named("");
        let own = |error: &dyn Classify| Failure::new(Classifier::Own(error), named).is_throttle();
        assert!(own(&Busy) && own(&&Busy) && own(&"429") && own(&limited()));
        assert!(own(&Wrapped("slow down", reset())) && own(&Wrapped("failed", limited())));
        assert!(!own(&"busy") && !own(&reset()) && !own(&Wrapped("failed", reset())));

        let chain = |error: &Wrapped| {
            Failure::new(Classifier::Chain(error, error.source()), named).is_throttle()
        };
        assert!(chain(&Wrapped("throttled", reset())) && chain(&Wrapped("failed", limited())));
        assert!(!chain(&Wrapped("failed", reset())));

        let text = |text: &str| Failure::new(Classifier::Text(&text), named).is_throttle();
        assert!(text("HTTP 429") && !text("HTTP 500"));
    }

    #[test]
    fn a_predicate_that_names_a_wait_is_throttling_and_a_timeout_is_none() {
        let failure = Failure::new(Classifier::None, Description::Named("too many requests"));
        assert!(!failure.is_throttle(), "what is printed is not asked");
        let hint = Verdict::RetryAfter(Duration::ZERO);
        assert!(failure.with_verdict(hint).is_throttle());
        let text = Failure::classified(&"too many requests");
        assert!(
            text.with_verdict(Verdict::Stop).is_throttle(),
            "the error's own word holds"
        );
        assert!(!text.timed_out(true).is_throttle(), "there was no answer");
    }
}
