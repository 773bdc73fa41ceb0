//! Types of every shape, in scopes where every name means something else.

use std::time::Duration;

use retry_core::{Classify, Judgement};

/// A type that cannot be made.
#[derive(Debug, thiserror::Error, Classify)]
enum Never {}

#[derive(Debug, thiserror::Error, Classify)]
#[error("empty")]
struct Empty {}

#[derive(Debug, thiserror::Error, Classify)]
#[error("growing")]
#[non_exhaustive]
enum Growing {
    #[classify(stop)]
    #[non_exhaustive]
    One { code: u32 },
    #[classify(retry)]
    r#Type,
    #[cfg(any())]
    #[classify(stop)]
    Gone(NoSuchType),
    #[cfg(not(any()))]
    #[cfg_attr(all(), classify(stop, not_applied))]
    There,
    #[cfg_attr(all(), doc = "Not the attribute of interest.")]
    #[classify(retry_after = 0)]
    Cfg(#[cfg(not(any()))] Duration, #[cfg(any())] NoSuchType),
}

#[test]
fn every_shape_is_judged() {
    fn judges<E: Classify>() {}
    judges::<Never>();
    assert_eq!(Empty {}.classify(), "empty".classify());
    assert_eq!(Growing::One { code: 5 }.classify(), Judgement::stop());
    assert_eq!(Growing::Type.classify(), Judgement::retry());
    assert_eq!(Growing::There.classify(), Judgement::stop().not_applied());
    let wait = Duration::from_secs(1);
    assert_eq!(Growing::Cfg(wait).classify(), Judgement::retry_after(wait));
}

/// Where nothing has its usual name.
mod shadowed {
    #![allow(non_camel_case_types, dead_code, reason = "to stand in the way")]

    use ::std::fmt;

    pub(crate) struct Option;
    pub(crate) struct Some;
    pub(crate) struct None;
    pub(crate) struct Result;
    pub(crate) struct Judgement;
    pub(crate) struct Verdict;
    pub(crate) struct Probe;
    pub(crate) struct Error;
    pub(crate) mod retry_core {}
    pub(crate) mod core {}
    pub(crate) mod std {}
    pub(crate) trait Held {
        fn classify(&self) -> u32;
    }

    impl<T> Held for T {
        fn classify(&self) -> u32 {
            1
        }
    }

    #[derive(Debug, ::retry_core::Classify)]
    pub(crate) enum Shadowed {
        Source(#[source] ::std::io::Error),
        Optional(#[source] ::core::option::Option<::std::io::Error>),
        #[classify(retry_after = 0, not_applied, kind = "k")]
        Wait(::core::time::Duration),
        #[classify(stop, not_asked, throttle_is_not_here)]
        #[cfg(any())]
        Gone,
        Ok,
    }

    impl fmt::Display for Shadowed {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("shadowed")
        }
    }

    impl ::core::error::Error for Shadowed {}
}

#[test]
fn no_name_of_the_user_is_in_the_way() {
    use crate::together::reset;
    use shadowed::Shadowed;

    let judge = |error: &Shadowed| Classify::classify(error);
    assert_eq!(
        judge(&Shadowed::Source(reset())),
        Classify::classify(&reset())
    );
    assert_eq!(
        judge(&Shadowed::Optional(None)),
        Classify::classify("shadowed")
    );
    let wait = Duration::from_secs(1);
    let after = Judgement::retry_after(wait).not_applied().with_kind("k");
    assert_eq!(judge(&Shadowed::Wait(wait)), after);
    assert_eq!(judge(&Shadowed::Ok), Classify::classify("shadowed"));
    assert!(Shadowed::Ok.as_error().is_some());
}

/// A deprecated type and a deprecated variant, each used only by the derive.
mod deprecated {
    #![deny(warnings)]

    #[derive(Debug, thiserror::Error, retry_core::Classify)]
    #[error("old")]
    #[classify(retry)]
    #[deprecated]
    pub(crate) struct Whole;

    #[derive(Debug, thiserror::Error, retry_core::Classify)]
    #[error("old")]
    pub(crate) enum Partly {
        #[deprecated]
        #[classify(stop)]
        Old,
        #[classify(retry)]
        New,
    }
}

#[test]
fn what_is_deprecated_is_judged() {
    #[expect(deprecated, reason = "it is what is tested")]
    let (whole, old) = (deprecated::Whole, deprecated::Partly::Old);
    assert_eq!(whole.classify(), Judgement::retry());
    assert_eq!(old.classify(), Judgement::stop());
    assert_eq!(deprecated::Partly::New.classify(), Judgement::retry());
}
