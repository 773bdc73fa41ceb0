//! Fields that hold errors: found, and judged by the best that their types allow.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::{fmt, rc::Rc};

use retry_core::{Classify, Judgement, Verdict};

use crate::together::{reset, unknown_error};

/// An error of the application, with words of its own.
#[derive(Debug, thiserror::Error, Classify)]
#[error("declined")]
#[classify(stop, not_applied, kind = "declined")]
pub(crate) struct Declined;

/// The judgement that a field states: about one step of the body that returns the error around it.
pub(crate) fn declined() -> Judgement {
    Judgement::stop().step_not_applied().with_kind("declined")
}

#[derive(Debug, thiserror::Error, Classify)]
#[error("failed")]
enum Holds {
    From(#[from] io::Error),
    Marked(String, #[source] Declined),
    Named {
        source: Box<Declined>,
    },
    Shared(#[source] Arc<Declined>),
    Boxed(#[source] Box<dyn Error + Send + Sync>),
    Local(#[source] Box<dyn Error>),
    Anyhow(#[source] anyhow::Error),
    Optional(#[source] Option<Declined>),
    #[error("{0}")]
    NotASource(io::Error),
    #[error("raw")]
    Raw {
        r#source: u32,
    },
}

#[test]
fn a_field_that_holds_an_error_is_judged_by_it() {
    for error in [
        Holds::Marked(String::new(), Declined),
        Holds::Named {
            source: Declined.into(),
        },
        Holds::Shared(Arc::new(Declined)),
        Holds::Optional(Some(Declined)),
    ] {
        assert_eq!(error.classify(), declined(), "{error:?}");
    }
    assert_eq!(Holds::from(reset()).classify(), reset().classify());
}

#[test]
fn boxes_are_judged_by_their_chain() {
    let expected = reset().classify();
    assert_eq!(Holds::Boxed(reset().into()).classify(), expected);
    assert_eq!(Holds::Local(reset().into()).classify(), expected);
    let context = anyhow::Error::new(reset()).context("while paying");
    assert_eq!(Holds::Anyhow(context).classify(), expected);
}

#[test]
fn where_there_is_no_source_the_text_advises() {
    assert_eq!(Holds::Optional(None).classify(), "failed".classify());
    // The judgement of this error as a source would be: `Stop`, and proved not applied.
    let missing = || io::Error::from(ErrorKind::NotFound);
    let plain = Holds::NotASource(missing()).classify();
    assert_eq!(plain, missing().to_string().as_str().classify());
    assert_ne!(plain, missing().classify());
    assert_eq!(Holds::Raw { r#source: 1 }.classify(), "raw".classify());
}

#[derive(Debug, thiserror::Error, Classify)]
enum Transparent {
    #[error(transparent)]
    One(Declined),
    #[error("two")]
    Two(u32),
}

#[derive(Debug, thiserror::Error, Classify)]
#[error(transparent)]
enum AllTransparent {
    One {
        inner: Declined,
    },
    Two(#[from] io::Error),
    #[error("text")]
    Text(u32),
}

#[derive(Debug, thiserror::Error, Classify)]
#[error(transparent)]
struct TransparentStruct(Box<dyn Error + Send + Sync>);

#[test]
fn a_transparent_error_is_judged_by_what_it_shows() {
    assert_eq!(Transparent::One(Declined).classify(), declined());
    assert_eq!(Transparent::Two(1).classify(), "two".classify());
    assert_eq!(
        AllTransparent::One { inner: Declined }.classify(),
        declined()
    );
    assert_eq!(AllTransparent::from(reset()).classify(), reset().classify());
    assert_eq!(AllTransparent::Text(1).classify(), "text".classify());
    assert_eq!(
        TransparentStruct(reset().into()).classify(),
        reset().classify()
    );
}

/// An error that nothing knows, around another.
#[derive(Debug, thiserror::Error)]
#[error("unknown")]
struct Unknown(#[source] Option<io::Error>);

#[derive(Debug, thiserror::Error, Classify)]
#[error("{0}")]
struct Over(&'static str, #[source] Unknown);

#[test]
fn an_error_that_nothing_knows_is_judged_by_its_chain_then_by_all_texts() {
    let chained = Over("failed", Unknown(Some(reset()))).classify();
    assert_eq!(chained, reset().classify());
    let unknown = || Unknown(None);
    assert_eq!(
        Over("failed", unknown()).classify().verdict(),
        Verdict::Retry
    );
    // As it would be without the derive: one final text is enough.
    assert_eq!(
        Over("404 not found", unknown()).classify().verdict(),
        Verdict::Stop
    );
    assert!(!Over("404 not found", unknown()).classify().is_not_applied());
}

/// Without `thiserror` the same attributes mark the field.
#[derive(Debug, Classify)]
enum ByHand {
    Text(#[source] String),
    Local(#[from] Rc<Declined>),
}

impl fmt::Display for ByHand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("by hand")
    }
}

#[test]
fn errors_by_hand_mark_their_sources() {
    let text = ByHand::Text("not found".to_owned()).classify();
    assert_eq!(text, "not found".classify());
    assert_eq!(ByHand::Local(Rc::new(Declined)).classify(), declined());
    assert!(
        ByHand::Text(String::new()).as_error().is_none(),
        "it is no `Error`"
    );
}

/// A type that holds an error and is not an error, as `anyhow::Error` without the feature.
#[derive(Debug)]
struct Report(Box<dyn Error + Send + Sync>);

impl AsRef<dyn Error + Send + Sync> for Report {
    fn as_ref(&self) -> &(dyn Error + Send + Sync + 'static) {
        self.0.as_ref()
    }
}

#[derive(Debug, Classify)]
struct Reported(#[source] Report);

impl fmt::Display for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("reported")
    }
}

#[test]
fn what_holds_an_error_is_judged_by_it() {
    assert_eq!(
        Reported(Report(reset().into())).classify(),
        reset().classify()
    );
}

#[derive(Debug, thiserror::Error, Classify)]
enum Recursive {
    #[error("outer")]
    Outer(#[source] Box<Recursive>),
    #[error("inner")]
    Inner(#[from] io::Error),
}

#[test]
fn a_box_of_itself_is_judged_all_the_way_down() {
    let deep = Recursive::Outer(Recursive::Outer(Box::new(reset().into())).into());
    assert_eq!(deep.classify(), reset().classify());
}

#[test]
fn the_error_is_looked_at_with_its_chain() {
    let error = Holds::from(reset());
    let view = error.as_error().expect("an error that borrows nothing");
    assert!(view.source().is_some_and(<dyn Error>::is::<io::Error>));
    assert!(unknown_error().as_error().is_some());
}
