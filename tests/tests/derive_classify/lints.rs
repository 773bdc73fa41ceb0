//! The derive under the strictest lints: what is not said of the type is not said of its expansion.

#![deny(
    warnings,
    clippy::all,
    clippy::pedantic,
    clippy::nursery,
    missing_docs,
    unused_qualifications
)]
#![deny(
    unreachable_pub,
    elided_lifetimes_in_paths,
    unused_lifetimes,
    single_use_lifetimes,
    let_underscore_drop,
    unused_results,
    trivial_casts,
    variant_size_differences
)]
#![deny(
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::wildcard_enum_match_arm,
    clippy::pattern_type_mismatch,
    clippy::missing_inline_in_public_items,
    clippy::missing_trait_methods,
    clippy::absolute_paths,
    clippy::unwrap_used
)]

use std::io;
use std::time::Duration;

use retry_core::{Classify, Judgement, Verdict};

/// All that can be written.
#[derive(Debug, thiserror::Error, Classify)]
#[classify(default = stop)]
enum Strict<'a, E: Classify + 'static> {
    #[error("text")]
    #[classify(retry, not_applied, kind = "text", throttle)]
    Text(&'a str),
    #[error("ours")]
    #[classify(stop, not_asked)]
    Ours,
    #[error("wait")]
    #[classify(retry_after = after)]
    Wait { after: Option<Duration>, code: u32 },
    #[error("held")]
    Held(#[from] io::Error),
    #[error("optional")]
    #[classify(stop)]
    Optional(#[source] Option<io::Error>),
    #[error("judged")]
    #[classify(with = judge)]
    Judged(u32, E),
    #[error("plain")]
    Plain,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "a function gets all fields by reference"
)]
const fn judge<E>(code: &u32, _error: &E) -> Verdict {
    if *code > 500 {
        Verdict::Retry
    } else {
        Verdict::Stop
    }
}

#[test]
fn lints_are_silent() {
    type Error<'a> = Strict<'a, String>;
    assert!(Error::Text("t").classify().is_throttle());
    assert_eq!(Error::Ours.classify().verdict(), Verdict::Stop);
    let wait = Error::Wait {
        after: None,
        code: 1,
    };
    assert_eq!(wait.classify(), Judgement::retry());
    let held = io::Error::from(io::ErrorKind::NotFound);
    assert_eq!(Error::from(held).classify().kind(), "not_found");
    assert_eq!(Error::Optional(None).classify().verdict(), Verdict::Stop);
    let judged = Error::Judged(503, "e".to_owned());
    assert_eq!(judged.classify(), Judgement::retry());
    assert_eq!(Error::Plain.classify(), Judgement::stop());
}
