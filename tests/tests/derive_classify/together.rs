//! A source and words on the same variant: each word answers its question, the source the others.

use std::io::{self, ErrorKind};
use std::time::Duration;

use retry_core::{Answer, Classify, Judgement, Verdict};
use retry_tests::refused;

/// A known error after which the effect may have happened.
pub(crate) fn reset() -> io::Error {
    ErrorKind::ConnectionReset.into()
}

/// A known error that proves that nothing happened.
#[derive(Debug, thiserror::Error, Classify)]
#[error("wrapped")]
pub(crate) enum Wrapped {
    #[classify(kind = "ours")]
    Kind(#[source] io::Error),
    #[classify(stop)]
    Stop(#[source] io::Error),
    #[classify(retry)]
    Retry(#[source] io::Error),
    #[classify(not_applied)]
    Proof(#[source] io::Error),
    #[classify(stop, not_applied, kind = "both")]
    Both(#[source] io::Error),
    #[classify(not_asked)]
    NotAsked(#[source] io::Error),
    #[classify(throttle)]
    Throttle(#[source] io::Error),
    #[classify(retry_after = after)]
    After {
        after: Option<Duration>,
        source: io::Error,
    },
    #[classify(with = Self::judge)]
    Function(#[source] io::Error),
    #[classify(stop, not_applied)]
    Optional(#[source] Option<io::Error>),
    #[classify(stop)]
    Limited(#[source] Limited),
    #[classify(stop)]
    Text(#[source] Plain),
}

impl Wrapped {
    fn judge(source: &io::Error) -> bool {
        source.kind() == ErrorKind::ConnectionReset
    }
}

#[derive(Debug, thiserror::Error, Classify)]
#[error("limited")]
#[classify(retry_after = 0, kind = "limited")]
pub(crate) struct Limited(Duration);

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Plain(&'static str);

pub(crate) fn unknown_error() -> Wrapped {
    Wrapped::Text(Plain("connection lost"))
}

#[test]
fn a_kind_leaves_advice_and_proof_to_the_source() {
    for source in [reset, refused] {
        let (held, own) = (Wrapped::Kind(source()).classify(), source().classify());
        assert_eq!(held, own.with_kind("ours"));
        assert_eq!(held.is_not_applied(), own.is_not_applied());
    }
}

#[test]
fn advice_leaves_proof_answer_and_kind_to_the_source() {
    for source in [reset, refused, || ErrorKind::NotFound.into()] {
        let own: Judgement = source().classify();
        for (held, verdict) in [
            (Wrapped::Stop(source()).classify(), Verdict::Stop),
            (Wrapped::Retry(source()).classify(), Verdict::Retry),
        ] {
            assert_eq!(held.verdict(), verdict);
            assert_eq!(held.is_not_applied(), own.is_not_applied());
            assert_eq!((held.answer(), held.kind()), (own.answer(), own.kind()));
            assert_eq!(held.is_throttle(), own.is_throttle());
        }
    }
}

#[test]
fn proof_leaves_the_advice_to_the_source() {
    let held = Wrapped::Proof(reset()).classify();
    assert!(held.is_not_applied() && !reset().classify().is_not_applied());
    assert_eq!(held.verdict(), reset().classify().verdict());
    assert_eq!(held.answer(), reset().classify().answer());
}

#[test]
fn advice_and_proof_together_beat_the_source() {
    let held = Wrapped::Both(reset()).classify();
    assert_eq!(held.verdict(), Verdict::Stop);
    assert!(held.is_not_applied());
    assert_eq!(held.kind(), "both");
}

#[test]
fn what_a_breaker_and_a_limiter_ask_is_stated_alone() {
    let own = reset().classify();
    let held = Wrapped::NotAsked(reset()).classify();
    assert_eq!(held, own.with_answer(Answer::NotAsked));
    let held = Wrapped::Throttle(reset()).classify();
    assert_eq!(held, own.throttle());
}

#[test]
fn a_wait_beats_the_advice_of_the_source_and_nothing_else() {
    let wait = Duration::from_secs(2);
    for (after, verdict) in [
        (Some(wait), Verdict::RetryAfter(wait)),
        (None, Verdict::Retry),
    ] {
        let source = io::Error::from(ErrorKind::NotFound);
        let (own, held) = (
            source.classify(),
            Wrapped::After { after, source }.classify(),
        );
        assert_eq!(held.verdict(), verdict);
        assert_eq!(held.is_not_applied(), own.is_not_applied());
        assert_eq!(held.kind(), own.kind());
    }
}

#[test]
fn a_function_judges_instead_of_the_source() {
    assert_eq!(Wrapped::Function(reset()).classify(), Judgement::retry());
    assert_eq!(Wrapped::Function(refused()).classify(), Judgement::stop());
}

#[test]
fn words_hold_with_and_without_an_optional_source() {
    for source in [Some(reset()), None] {
        let held = Wrapped::Optional(source).classify();
        assert_eq!(held.verdict(), Verdict::Stop);
        assert!(held.is_not_applied());
    }
}

#[test]
fn a_source_that_asks_for_fewer_calls_still_does() {
    let held = Wrapped::Limited(Limited(Duration::from_secs(1))).classify();
    assert_eq!(held.verdict(), Verdict::Stop);
    assert!(held.is_throttle());
    assert_eq!(held.kind(), "limited");
}

#[test]
fn a_text_below_answers_nothing_but_what_it_advises() {
    let held = unknown_error().classify();
    assert_eq!(held.verdict(), Verdict::Stop);
    assert_eq!(held.answer(), Answer::Answered);
    assert!(!held.is_not_applied());
}
