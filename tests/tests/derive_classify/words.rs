//! Words on variants without a source, and on structs.

use std::sync::Arc;
use std::time::Duration;

use retry_core::{Answer, Classify, Judgement, Verdict};

#[derive(Debug, thiserror::Error, Classify)]
#[error("not found")] // Whatever the words do not answer, this text would: with `Stop`.
enum Words {
    #[classify(retry)]
    Retry,
    #[classify(stop)]
    Stop,
    #[classify(stop, not_applied)]
    Refused,
    #[classify(not_applied, retry, throttle, kind = "busy")]
    Busy,
    #[classify(stop, not_applied, not_asked)]
    Ours,
    #[classify(kind = "by_text")]
    Kind,
    #[classify(not_applied)]
    Proof,
    Plain,
}

#[test]
fn each_word_answers_its_question() {
    for (error, judgement) in [
        (Words::Retry, Judgement::retry()),
        (Words::Stop, Judgement::stop()),
        (Words::Refused, Judgement::stop().not_applied()),
        (
            Words::Busy,
            Judgement::retry()
                .not_applied()
                .throttle()
                .with_kind("busy"),
        ),
        (
            Words::Ours,
            Judgement::stop()
                .not_applied()
                .with_answer(Answer::NotAsked),
        ),
        (Words::Kind, "not found".classify().with_kind("by_text")),
        (Words::Proof, "not found".classify().not_applied()),
        (Words::Plain, "not found".classify()),
    ] {
        assert_eq!(error.classify(), judgement, "{error:?}");
    }
}

#[test]
fn without_words_the_text_advises_and_proves_nothing() {
    let plain = Words::Plain.classify();
    assert_eq!(plain.verdict(), Verdict::Stop);
    assert!(!plain.is_not_applied());
    assert_eq!(plain.kind(), "error");
}

/// Several attributes are one list.
#[derive(Debug, thiserror::Error, Classify)]
#[error("busy")]
enum Apart {
    #[classify(stop)]
    #[classify(kind = "apart", not_applied)]
    Variant,
}

#[test]
fn attributes_add_up() {
    let expected = Judgement::stop().not_applied().with_kind("apart");
    assert_eq!(Apart::Variant.classify(), expected);
}

#[derive(Debug, thiserror::Error, Classify)]
#[error("not found")]
#[classify(default = retry)]
enum Default {
    #[classify(stop)]
    Stop,
    #[classify(kind = "kept")]
    Kind,
    Plain,
}

#[test]
fn the_default_is_the_advice_of_variants_that_state_none() {
    assert_eq!(Default::Stop.classify(), Judgement::stop());
    assert_eq!(
        Default::Kind.classify(),
        Judgement::retry().with_kind("kept")
    );
    assert_eq!(Default::Plain.classify(), Judgement::retry());
}

#[derive(Debug, thiserror::Error, Classify)]
#[error("limited")]
enum Waits {
    #[classify(retry_after = after)]
    Named { after: Duration },
    #[classify(retry_after = 1, not_applied)]
    Indexed(u32, Option<Duration>),
    #[classify(retry_after = 0)]
    Shared(Arc<Option<Box<Duration>>>),
    #[classify(retry_after = r#type)]
    Raw { r#type: Duration },
}

#[test]
fn a_wait_is_read_from_its_field() {
    const WAIT: Duration = Duration::from_millis(1500);
    let after = Judgement::retry_after(WAIT);
    assert_eq!(Waits::Named { after: WAIT }.classify(), after);
    assert_eq!(
        Waits::Indexed(5, Some(WAIT)).classify(),
        after.not_applied()
    );
    assert_eq!(
        Waits::Shared(Arc::new(Some(Box::new(WAIT)))).classify(),
        after
    );
    assert_eq!(Waits::Raw { r#type: WAIT }.classify(), after);
}

#[test]
fn no_wait_is_a_retry() {
    let retry = Judgement::retry();
    assert_eq!(Waits::Indexed(5, None).classify(), retry.not_applied());
    assert_eq!(Waits::Shared(Arc::new(None)).classify(), retry);
}

#[derive(Debug, thiserror::Error, Classify)]
#[error("status {code}")]
#[classify(with = judge)]
struct Status {
    code: u16,
    after: Option<Duration>,
}

fn judge(code: &u16, after: &Option<Duration>) -> Judgement {
    match (code, after) {
        (429, Some(after)) => Judgement::retry_after(*after).not_applied(),
        (500.., _) => Judgement::retry(),
        _ => Judgement::stop().with_kind("client"),
    }
}

#[derive(Debug, thiserror::Error, Classify)]
#[error("failed")]
enum Functions {
    #[classify(with = Self::is_busy)]
    Bool(u32),
    #[classify(with = advice::<u32>)]
    Verdict(u32, String),
    #[classify(with = Judgement::stop)]
    Unit,
}

impl Functions {
    fn is_busy(code: &u32) -> bool {
        *code > 500
    }
}

fn advice<T>(_first: &T, text: &str) -> Verdict {
    if text.is_empty() {
        Verdict::Stop
    } else {
        Verdict::Retry
    }
}

#[test]
fn a_function_gets_all_fields_and_judges_alone() {
    const WAIT: Duration = Duration::from_secs(3);
    let status = |code, after| Status { code, after }.classify();
    assert_eq!(
        status(429, Some(WAIT)),
        Judgement::retry_after(WAIT).not_applied()
    );
    assert_eq!(status(503, None), Judgement::retry());
    assert_eq!(status(404, None), Judgement::stop().with_kind("client"));
    assert_eq!(Functions::Bool(503).classify(), Judgement::retry());
    assert_eq!(Functions::Bool(404).classify(), Judgement::stop());
    assert_eq!(
        Functions::Verdict(1, String::new()).classify(),
        Judgement::stop()
    );
    assert_eq!(
        Functions::Verdict(1, "x".to_owned()).classify(),
        Judgement::retry()
    );
    assert_eq!(Functions::Unit.classify(), Judgement::stop());
}

#[derive(Debug, thiserror::Error, Classify)]
#[error("refused")]
#[classify(stop, not_applied, kind = "refused")]
struct Unit;

#[derive(Debug, thiserror::Error, Classify)]
#[error("limited")]
#[classify(retry_after = 0)]
struct Tuple(Duration);

#[test]
fn a_struct_takes_the_words_of_a_variant() {
    let refused = Judgement::stop().not_applied().with_kind("refused");
    assert_eq!(Unit.classify(), refused);
    let second = Duration::from_secs(1);
    assert_eq!(Tuple(second).classify(), Judgement::retry_after(second));
}

macro_rules! error {
    ($name:ident, $kind:literal, $field:ident, $function:path) => {
        #[derive(Debug, thiserror::Error, Classify)]
        #[error("failed")]
        #[allow(dead_code, reason = "only one field is read")]
        enum $name {
            #[classify(retry_after = $field, kind = $kind)]
            Waits { $field: Duration },
            #[classify(with = $function)]
            Judged,
        }
    };
}
error!(Made, "made", after, Judgement::stop);

#[test]
fn words_come_from_a_macro() {
    let wait = Duration::from_secs(1);
    let after = Judgement::retry_after(wait).with_kind("made");
    assert_eq!(Made::Waits { after: wait }.classify(), after);
    assert_eq!(Made::Judged.classify(), Judgement::stop());
}
