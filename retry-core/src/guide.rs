//! The guide: a page for each task, each with programs that the tests run.
//!
//! Read [`getting_started`] first; the other pages stand alone. The crate's own page is the reference
//! of arguments, events and features.
//!
//! | page | answers |
//! |---|---|
//! | [`getting_started`] | the first attribute, the events of a failure, limits for one function |
//! | [`classifying_errors`] | which errors are retried, and how an error type states it |
//! | [`calling_http`] | the answers of an HTTP API, its waits, one bad host among many |
//! | [`llm_calls`] | large language models: final answers, waits, streams |
//! | [`testing`] | tests of your own code, without waiting |
//! | [`storms`] | which guard keeps retries from making an outage worse |
//! | [`settings`] | variables, `.env`, other values while the program runs |
//! | [`cookbook`] | start-up, workers, tenants, polls, command lines, pages, closures |
//! | [`coming_from`] | backon, tokio-retry, tenacity, `retry` and `backoff`, setting by setting |
//! | [`comparison`](crate::comparison) | other libraries by feature, and what this one is not |
//!
//! The guide of the gate (`idempotent = true`) is `retry_effects::guide`, in the package
//! `retry-effects`: exactly once, identity and deploys, stores, operation.

#[doc = include_str!("../docs/guide/getting_started.md")]
pub mod getting_started {}

#[doc = include_str!("../docs/guide/classifying_errors.md")]
pub mod classifying_errors {}

#[doc = include_str!("../docs/guide/calling_http.md")]
pub mod calling_http {}

#[doc = include_str!("../docs/guide/llm_calls.md")]
pub mod llm_calls {}

#[doc = include_str!("../docs/guide/testing.md")]
pub mod testing {}

#[doc = include_str!("../docs/guide/storms.md")]
pub mod storms {}

#[doc = include_str!("../docs/guide/settings.md")]
pub mod settings {}

#[doc = include_str!("../docs/guide/cookbook.md")]
pub mod cookbook {}

#[doc = include_str!("../docs/guide/coming_from.md")]
pub mod coming_from {}
