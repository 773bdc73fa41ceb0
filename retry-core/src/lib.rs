//! Retries by annotation: bounded, jittered, observable, and no worse for an outage.
//!
//! An attribute on a function, sync or async, gives what a careful engineer would have written by
//! hand: attempts and waits by the kind of work, settings from the environment, a verdict on each
//! error, logs and statistics.
//!
//! ```
//! use retry_core::{retry_api, retry_storage};
//! # use std::io;
//!
//! #[retry_storage] // 5 attempts, 0.5 s to 5 s
//! async fn load_task(path: &str) -> io::Result<String> {
//!     std::fs::read_to_string(path)
//! }
//!
//! #[retry_api(max_attempts = 6, max_wait = 30.0, timeout = "10s")]
//! async fn call_llm(prompt: String) -> io::Result<String> {
//!     Ok(prompt.to_uppercase())
//! }
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! assert_eq!(call_llm("hello".to_owned()).await?, "HELLO");
//! // A missing file is no transient fault: one attempt, and its own error comes back.
//! assert_eq!(load_task("no/such/task").await.unwrap_err().kind(), io::ErrorKind::NotFound);
//! # Ok::<(), io::Error>(())
//! # })?;
//! # Ok::<(), io::Error>(())
//! ```
//!
//! The package is `retry-annotated`, and the library in it `retry_core`. The registry has a package
//! `retry_core` of another author: `cargo add retry_core`, which the compiler proposes where this
//! library is missing, brings that one.
//!
//! # Guide
//!
//! | page | answers |
//! |---|---|
//! | [getting started](guide::getting_started) | the first attribute, the events of a failure, limits for one function |
//! | [classifying errors](guide::classifying_errors) | which errors are retried, and how an error type states it |
//! | [testing](guide::testing) | tests of your own code, without waiting |
//! | [storms](guide::storms) | which guard keeps retries from making an outage worse |
//! | [settings](guide::settings) | variables, `.env`, other values while the program runs |
//! | [cookbook](guide::cookbook) | start-up, workers, tenants, polls, command lines, pages, closures |
//! | [coming from](guide::coming_from) | backon, tokio-retry, tenacity, `retry` and `backoff`, setting by setting |
//! | [comparison] | other libraries by feature, and what this one is not |
//!
//! This page is the reference.
//!
//! # The parts
//!
//! | part | is |
//! |---|---|
//! | [`retry_worker`], [`retry_storage`], [`retry_scheduler`], [`retry_api`] | the attributes, one for each [`OperationClass`] |
//! | [`execute_with_retry`], [`execute_with_retry_async`], [`Retry`] | the same engine for code without an attribute |
//! | [`RetryPolicy`], [`Growth`], [`Jitter`], the named policies | attempts, the waits between them, and the guarantee |
//! | [`RetrySettings`] | the settings of the environment |
//! | [`Classify`](trait@Classify) (trait and [derive](derive@Classify)), [`Judgement`], [`Verdict`], [`is_retryable_error`] | whether an error is worth another attempt |
//! | [`http`](mod@http) | the status, the headers and the body of an HTTP answer |
//! | [`RetryEvent`], [`stats()`], events of the `tracing` target `retry`, `metrics` (feature) | reports |
//! | [`RetryBudget`], [`AdaptiveLimiter`] | the cost of all calls' retries together, and the calls a second that the other side takes |
//! | [`Nested`], [`RetryScope`] | the reaction to nested calls, and shutdown |
//! | `testing` (feature) | users' own tests, without waiting |
//!
//! # Attributes
//!
//! All four take the same arguments, and none is required:
//!
//! | argument | value | default |
//! |---|---|---|
//! | `max_attempts` | a number from 1, the first attempt included, or `"unlimited"` | by class |
//! | `min_wait`, `max_wait` | `"500ms"`, `"1h30m"`, `2`, `0.5` (seconds), or a `Duration` | by class |
//! | `throttled` | `throttled(min_wait = "5s")`: the first wait after an error that reports too many calls | as the others |
//! | `backoff` | `"constant"`, `"linear"`, `"exponential"`, `"fibonacci"`, or a [`Growth`] | `"exponential"` |
//! | `multiplier` | a number from 1, for exponential backoff | 2 |
//! | `jitter` | `"none"`, `"equal"`, `"full"`, `"decorrelated"`, or a [`Jitter`] | `"equal"` |
//! | `policy` | the name of a named policy, a constant, or an expression | the class's |
//! | `timeout` | a wait: bounds one attempt of an async function | none |
//! | `max_total_time` | a wait: bounds the whole call | none |
//! | `judge` | a closure or path from `&Result<T, E>` to [`Judgement`]: judges every outcome, values too, in place of the three below | none |
//! | `retry_if` | a closure or path from `&E` to `bool` or [`Verdict`] | the error's own verdict |
//! | `not_applied_if` | a closure or path from `&E` to `bool`: `true` if the error proves that the attempt had no effect | the proof of the error's type |
//! | `retry_on_ok` | a closure or path from `&T` to `bool`: `true` to try again on this value | never |
//! | `on_retry` | a closure or path that takes a [`RetryEvent`] | none |
//! | `name` | the operation's name, a literal | the function's |
//! | `attempt` | a variable that the body reads its attempt's number from | none |
//! | `nested` | `"stop"` or `"multiply"`, see [`Nested`] | `"stop"` |
//! | `budget` | a ratio like `0.1`, `true`, a name to share one by, a [`RetryBudget`], or `budget(ratio = 0.2, burst = 20, floor = 0, name = "..")` | none |
//! | `circuit_breaker` | nothing, `true`, a name, a [`CircuitBreaker`], or `circuit_breaker(failure_threshold = 5, recovery_timeout = "60s", half_open_permits = 1, success_threshold = 1, name = "..")`; instead of a threshold `window = 100` or `"30s"` with `failure_rate`, `minimum_calls`, `slow_call`, `slow_call_rate` | none |
//! | `adaptive` | `true`, a name, or an [`AdaptiveLimiter`]: slows calls down once the other side reports too many | none |
//! | `time_budget` | a wait: the time that the retries of the call, and of the calls that it makes, may spend together | none |
//! | `hedge` | `hedge(after = "95ms", max = 1, safe = true)`: a second attempt beside a slow one, see [`Hedge`] | none |
//! | `borrow(x, ..)` | parameters that all attempts share, instead of a clone each | none |
//! | `crate` | the path of this crate, if it has another name | `::retry_core` |
//! | `idempotent` | `true`: the effect happens once, however often it is requested; with `key`, `fingerprint`, `scope`, `store`, `skip`, `lease`, `retain`, `in_doubt`, `dedupe_for`, `probe`, `probe_after`, `on_busy`, `replay_errors` | `false` |
//!
//! `idempotent` and its arguments need the crate `retry_effects` among the dependencies. Its page
//! explains what exactly once means, and what each argument does. If it has another name there, for example
//! `once`, write `extern crate once as retry_effects;` in the root of your crate.
//!
//! An expression may stand wherever a literal may; it may use the function's parameters, and is
//! evaluated at most once a call, at its first failure (limits: at its start). Parameters taken by value
//! are cloned for each attempt; `&mut self` and `&mut` parameters are reborrowed; `self: Arc<Self>` is
//! shared by all attempts, so a body that moves it clones it first. A call keeps the original of a cloned
//! parameter until it ends, because another attempt may need it: a channel whose senders the body waits
//! for stays open, and `Arc::try_unwrap` fails. Make such a handle in the body, pass a weak one, or lend
//! it by `borrow(x)`, as an `Option` if the body moves it away (`x.take()`). `timeout` and, on an async function,
//! `max_total_time` may end a call without an error of its own: the error type must then be able to hold
//! a [`RetryError`].
//!
//! # Guards
//!
//! `budget`, `circuit_breaker`, `adaptive`, `time_budget` and `hedge` keep retries from making an outage
//! worse. A call without them pays nothing for them.
//!
//! ```
//! use retry_core::{CircuitBreaker, retry_api};
//! # use std::io;
//!
//! static BANK: CircuitBreaker = CircuitBreaker::new("bank");
//!
//! #[retry_api(budget = 0.1, circuit_breaker = BANK, time_budget = "30s")]
//! fn charge(cents: u64) -> io::Result<u64> {
//!     Ok(cents)
//! }
//!
//! assert_eq!(charge(5)?, 5);
//! BANK.force_open();
//! assert!(charge(5).unwrap_err().to_string().contains("circuit bank is open"));
//! # BANK.reset();
//! # Ok::<(), io::Error>(())
//! ```
//!
//! A guard given by a name or without a value belongs to all calls of that name, or of the operation;
//! variables tune it. An expression gives a guard as a value, a reference or an `Arc`. It is evaluated
//! at the call's start, and what it borrows stays borrowed until the call ends: under `&mut self` write
//! `budget = self.budget.clone()`. The lists of `budget(..)` and `circuit_breaker(..)` take literals and
//! constants. A set gives one guard for each host or tenant, as in `circuit_breaker = HOSTS.of(&host)`:
//! see [`CircuitBreakers`]. `circuit_breaker` may end a call without an error of its own, as `timeout`
//! may.
//!
//! `hedge` is for async functions that may run twice at a time: `safe = true` states so, or
//! `idempotent = true` with `in_doubt = "reexecute"`. Each copy has its own clones of the parameters
//! taken by value; `&mut`, `borrow(..)` and `self: Arc<Self>` cannot be hedged. The first `Ok` counts
//! that `judge` or `retry_on_ok` accepts. A hedge takes a token of the budget.
//!
//! # What wins
//!
//! The first one that is given wins: a per-operation variable, a single argument, `policy = ..`, the
//! class variable, the default: see [`RetrySettings`]. A bound that crosses one of a lower layer moves
//! it. A DEBUG event shows each operation's policy, and the origin of each value, at its first failure.
//!
//! # What is retried
//!
//! In this order: `judge` or `retry_if` if given; else the error's own [`Classify`]; else, for any
//! [`Error`](std::error::Error) and for boxed errors, the outermost known error in its source chain;
//! else its text and those of its sources, by [`is_retryable_error`]; else it is retried.
//! `#[error(transparent)]` hides an inner error from its own chain: if the inner error is to decide,
//! write `#[error("{0}")]` or derive [`Classify`](derive@Classify). A function generic over its error
//! needs `E: Classify`.
//!
#![doc = include_str!("../docs/classification.md")]
//!
//! # Budgets, breakers and limits
//!
#![doc = include_str!("../docs/storms.md")]
//!
//! # Waits, threads and dropping
//!
//! An async call sleeps on tokio's clock, and needs a tokio runtime with time enabled as soon as it
//! waits. A sync call blocks its thread: on a worker of a multi-thread runtime the other tasks
//! continue meanwhile; on the thread of a current-thread runtime they cannot, and a WARN reports
//! that once a call site. Dropping a call at any await leaves nothing held.
//!
//! # Events
//!
//! Through `tracing`, target `retry`, with the fields `operation`, `class`, `attempt`,
//! `max_attempts`, `wait_ms`, `elapsed_ms`, `outcome` and `error`:
//!
//! ```text
//! WARN  Retry attempt 1/5 for load_task failed: connection reset
//! INFO  Waiting 0.8s before retry attempt 2/5
//! INFO  Retry succeeded on attempt 3/5 for load_task
//! ERROR Retry exhausted after 5/5 attempts for load_task: connection reset
//! DEBUG Not retried: load_task failed on attempt 1/5: permission denied
//! WARN  Retry stopped on attempt 2/5 for load_task (time limit): connection reset
//! ```
//!
//! A first-attempt success logs nothing, the last failure is the ERROR alone, and ERROR comes once a
//! call: from the outermost layer, with the error as a `dyn Error` and its chain. Arguments are never
//! logged, and URLs in an error's texts lose user, password, query and fragment
//! (`https://…@host/path?…`); [`redact_with`] removes more.
//!
//! # Metrics
//!
//! With the feature `metrics`, the installed recorder of the [`metrics`](https://docs.rs/metrics) facade
//! receives the same in numbers, by `operation` and `class`:
//!
//! | metric | |
//! |---|---|
//! | `retry_calls_total`, `retry_attempts_total` | by `outcome`; by `phase` and `result` |
//! | `retry_duration_seconds`, `retry_attempts_per_call`, `retry_wait_seconds` | histograms |
//! | `retry_success_rate` | of the calls of 5 minutes that were retried, the share that succeeded |
//! | `retry_budget_tokens`, `retry_budget_exhausted_total` | retries that the budgets would still pay for; retries and hedges that they refused |
//! | `circuit_breaker_state`, `circuit_breaker_calls_total`, `circuit_breaker_transitions_total` | by `circuit` |
//!
//! The page of the module `metrics` explains each label. For Prometheus, `metrics::install_buckets`
//! (feature `prometheus`) sets up the exporter's histograms.
//!
//! # Features
//!
//! | feature | adds | why it is optional |
//! |---|---|---|
//! | `macros` (default) | the attributes, and `#[derive(Classify)]` | they need syn, which code without them need not build |
//! | `dotenv` | `.env` beneath the environment | a parser, and a file that production may not want read |
//! | `metrics` | numbers through the `metrics` facade | a dependency, and each call reads the clock |
//! | `prometheus` | `metrics::install_buckets` | the exporter and its dependencies |
//! | `testing` | the test kit | for `[dev-dependencies]` |
//! | `anyhow`, `eyre` | [`Classify`] for their errors, for functions that require it (attributes do without) | a dependency each |
//! | `reqwest`, `reqwest-012` | [`http::ResponseExt`](mod@http), [`Classify`] for their errors, and their recognition in a chain by type | a dependency each |
//! | `hyper`, `h2`, `tonic`, `sqlx`, `sqlx-08`, `tokio-postgres`, `redis` | [`Classify`] for their errors, and their recognition in a chain by type; hyper, h2, hyper-util and reqwest are known without a feature too | a dependency each |
//!
//! Each only adds. The crate supports Rust 1.89 and later, and tokio 1.51 and later; `sqlx` itself needs
//! Rust 1.94.
//!
//! # Architecture
//!
//! A folder imports only from folders below it; a test (`tests/tests/house.rs`) holds it. From the
//! ground up, with a floor for each group of folders that do not import each other:
//!
//! | floor | folder | holds |
//! |---|---|---|
//! | 1 | `sync` | state that threads share: a counter in stripes, the atomic integer of lock-free state, and a registry of one entry for each name |
//! | 1 | `text` | texts for people: durations, names, errors, and the removal of secrets from them |
//! | 1 | `clock` | the clock that elapsed time is read from, and the sleep of sync calls |
//! | 2 | `policy` | the policy of a call as plain values: attempts, growth of the waits, jitter, classes and names |
//! | 2 | `classify` | the meaning of an error: whether another attempt is worth it, and whether it is proved that nothing happened |
//! | 3 | `http` | HTTP answers: which status is an error, and the wait that a server requests |
//! | 3 | `operation` | the name of a call's operation, for logs, errors, settings and statistics |
//! | 4 | `report` | reports of calls: log events, statistics and metrics |
//! | 5 | `guard` | guards against storms, each usable on its own: budgets, circuit breakers, rate limiters, sets of them by key, and scopes |
//! | 6 | `settings` | settings from the environment, over the defaults |
//! | 7 | `engine` | the one engine of attribute, function and builder, sync and async: *attempt, classify, wait, event* |
//! | 8 | `attribute` | functions and traits that the expansion of the attributes and the derive calls |
//! | 8 | `retry` | retries without an attribute: the builder and the two functions |
//! | 8 | `testing` | users' own tests (feature `testing`), without waits |
//! | 8 | `guide` | the pages of the guide: text and the programs in it |

#![cfg_attr(docsrs, feature(doc_cfg))]

mod attribute;
mod classify;
mod clock;
mod engine;
mod guard;
pub mod guide;
pub mod http;
mod operation;
mod policy;
mod report;
mod retry;
mod settings;
mod sync;
#[cfg(feature = "testing")]
pub mod testing;
mod text;

#[cfg(feature = "metrics")]
pub use crate::report::metrics;

pub use crate::classify::classification::Classify;
pub use crate::classify::judgement::{Answer, Judgement, Verdict};
pub use crate::classify::message::is_retryable_error;
pub use crate::classify::recognize::recognize;
pub use crate::classify::retry_after::parse_retry_after;
pub use crate::classify::retry_error::RetryError;
pub use crate::engine::guards::implicit::UnknownBudget;
pub use crate::engine::hedge::{Hedge, HedgeError};
pub use crate::engine::statistics::enable_stats;
pub use crate::engine::statistics::stats;
pub use crate::guard::adaptive::AdaptiveLimiter;
pub use crate::guard::breaker::circuit_breaker::CircuitBreaker;
pub use crate::guard::breaker::error::{BreakerError, CircuitOpen, UnknownBreaker};
pub use crate::guard::breaker::permit::Permit;
pub use crate::guard::budget::limits::BudgetError;
pub use crate::guard::budget::retry_budget::RetryBudget;
pub use crate::guard::keyed::{AdaptiveLimiters, CircuitBreakers, Keyed, RetryBudgets};
pub use crate::guard::scope::RetryScope;
pub use crate::policy::backoff::Waits;
pub use crate::policy::class::OperationClass;
pub use crate::policy::error::PolicyError;
pub use crate::policy::growth::Growth;
pub use crate::policy::jitter::Jitter;
pub use crate::policy::named::{
    AGENT_HIGH_RISK, AGENT_LOW_MEDIUM, ASYNC_JOB_DEFAULT, FLOW_NODE_DEFAULT, NO_RETRY,
    NODUS_SCHEDULED_DEFAULT, resolve_retry_policy, resolve_retry_policy_for,
};
pub use crate::policy::nested::Nested;
pub use crate::policy::retry_policy::{ExecutionGuarantee, RetryPolicy};
pub use crate::report::circuit::CircuitState;
pub use crate::report::retry_event::RetryEvent;
pub use crate::report::stats::{OperationStats, Stats};
pub use crate::retry::ad_hoc::{execute_with_retry, execute_with_retry_async};
pub use crate::retry::builder::Retry;
pub use crate::retry::hedged::HedgedRetry;
pub use crate::settings::error::InvalidSetting;
pub use crate::settings::error::SettingsError;
pub use crate::settings::retry_settings::RetrySettings;
pub use crate::text::circuit_name::CircuitName;
pub use crate::text::redaction::redact_with;

/// The types of a [`Retry`]'s choices: one each, so that a call pays only for its choices. They are
/// public for signatures; the methods of [`Retry`] make them.
pub mod choice {
    pub use crate::engine::guards::choice::{Guarded, NoGuard};
    pub use crate::retry::choices::{NoHook, NoLimit, OnRetry, Timeout, TotalTime};
    pub use crate::retry::judges::{ByClassify, JudgedBy, NotAppliedIf, RetryIf, RetryOnOk};
}

/// The items that the attributes expand to. Not for direct use: they change without notice.
#[doc(hidden)]
pub mod __private {
    pub use crate::attribute::call::{
        AnnotatedCall, CallPlace, attempt_limit, classified, holds, judgement_by, on_outcome, race,
        unless_timed_out, verdict_by,
    };
    pub use crate::attribute::derived::{
        FieldJudged, FieldJudgedByChain, FieldJudgedByStaticChain, FieldNotJudged, HoldsWait,
        Viewed, default_judgement, into_judgement, judged_by_field, verdict_after, with_advice,
        with_proof,
    };
    pub use crate::attribute::signature::{
        NotOwnedParts, OwnedParts, Parts, as_result, copy_argument, outcome_parts,
    };
    pub use crate::attribute::site::Site;
    pub use crate::attribute::specialise::{
        Autoref, AutorefOutcome, Carry, Described, Judged, JudgedAtGate, JudgedByChainAtGate,
        NotJudgedAtGate, failure,
    };
    pub use crate::classify::failure::{Failure, Snapshot, snapshot};
    pub use crate::clock::now;
    pub use crate::engine::deadline::{IntoUserError, Limits};
    pub use crate::engine::failed_attempt::{AsyncStep, FailedAttempt};
    pub use crate::engine::guards::admission::{
        Admission, AttemptContext, OutcomeReceiver, UNGUARDED,
    };
    pub use crate::engine::guards::choice::{AdmissionError, CallGuards, ExtendGuards};
    pub use crate::engine::guards::in_force::Guards;
    pub use crate::engine::guards::requested::{RequestedGuards, SharedBy};
    pub use crate::engine::guards::source::guard;
    pub use crate::engine::nesting::attempt::attempt_async;
    pub use crate::engine::nesting::attempt::attempt_sync;
    pub use crate::engine::nesting::refusal::refuse;
    pub use crate::engine::nesting::thread_notes::is_inside as is_inside_attempt;
    pub use crate::engine::outcome_parts::OutcomeParts;
    pub use crate::engine::pause::Carriage;
    pub use crate::engine::probe_wait::{ProbeWait, has_room, probe_wait_sync};
    pub use crate::engine::probed::{OutcomeOrProbe, ProbedOutcome};
    pub use crate::engine::short_path::ShortStep;
    pub use crate::engine::sleep::block_for;
    pub use crate::engine::step::AttemptEnd;
    pub use crate::engine::unknown_effect::{
        Marks, mark, replace_marks, take_refusal, watch_doubt,
    };
    pub use crate::guard::breaker::config::Window;
    pub use crate::policy::layer::{AttemptLimit, PolicyLayer};
    pub use crate::retry::choices::{AsyncLimits, Begin, Hook, SyncLimits};
    pub use crate::retry::judge_bounds::{Advisable, StatesEffects, Unadvised, Unjudged};
    pub use crate::retry::judges::Judge;
    pub use crate::settings::guard_layer::GuardLayer;
    pub use crate::text::duration::parse as parse_duration;
    pub use crate::text::redaction::{redacted, redacted_text};
}

/// Other libraries beside this one, feature by feature, and what this one is not.
///
#[doc = include_str!("../docs/comparison.md")]
pub mod comparison {}

/// The promises that an upgrade keeps, and the test that holds each.
#[doc = include_str!("../docs/upgrades.md")]
pub mod upgrades {}

#[cfg(feature = "macros")]
#[doc = include_str!("../docs/derive.md")]
pub use retry_macros::Classify;
#[cfg(feature = "macros")]
/// `#[retry_api]` is for calls to other services: 4 attempts, with waits from 1 s to 15 s.
///
/// An argument, a policy or a setting changes them: [the arguments](crate#attributes),
/// [what wins](crate#what-wins). [Getting started](crate::guide::getting_started) explains the attributes.
///
/// ```
/// use std::cell::Cell;
/// use std::io;
///
/// use retry_core::retry_api;
///
/// #[retry_api(min_wait = "1ms", timeout = "10s")]
/// async fn fetch(requests: &Cell<u32>) -> io::Result<&'static str> {
///     requests.set(requests.get() + 1);
///     match requests.get() {
///         1 => Err(io::ErrorKind::ConnectionReset.into()), // transient: retried
///         _ => Ok("a page"),
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> io::Result<()> {
/// let requests = Cell::new(0);
/// assert_eq!(fetch(&requests).await?, "a page");
/// assert_eq!(requests.get(), 2);
/// # Ok(())
/// # }
/// ```
///
pub use retry_macros::retry_api;
#[cfg(feature = "macros")]
/// `#[retry_scheduler]` is for schedulers and queues: 3 attempts, with waits from 1 s to 8 s.
///
/// An argument, a policy or a setting changes them: [the arguments](crate#attributes),
/// [what wins](crate#what-wins). [Getting started](crate::guide::getting_started) explains the attributes.
///
/// ```
/// use retry_core::retry_scheduler;
///
/// #[retry_scheduler(max_attempts = 5, min_wait = "1ms", attempt = attempt)]
/// fn enqueue(job: &str) -> Result<String, String> {
///     match attempt {
///         1 => Err("queue temporarily unavailable".to_owned()),
///         _ => Ok(format!("{job}, accepted in attempt {attempt}")),
///     }
/// }
///
/// assert_eq!(enqueue("backup")?, "backup, accepted in attempt 2");
/// # Ok::<(), String>(())
/// ```
///
pub use retry_macros::retry_scheduler;
#[cfg(feature = "macros")]
/// `#[retry_storage]` is for databases, files and caches: 5 attempts, with waits from 0.5 s to 5 s.
///
/// An argument, a policy or a setting changes them: [the arguments](crate#attributes),
/// [what wins](crate#what-wins). [Getting started](crate::guide::getting_started) explains the attributes.
///
/// ```
/// use std::{fs, io};
///
/// use retry_core::retry_storage;
///
/// #[retry_storage]
/// fn load(path: &str) -> io::Result<String> {
///     fs::read_to_string(path)
/// }
///
/// // A missing file is final: one attempt, and its own error.
/// assert_eq!(load("no/such/file").unwrap_err().kind(), io::ErrorKind::NotFound);
/// ```
///
pub use retry_macros::retry_storage;
#[cfg(feature = "macros")]
/// `#[retry_worker]` is for task workers: 3 attempts, with waits from 1 s to 10 s.
///
/// An argument, a policy or a setting changes them: [the arguments](crate#attributes),
/// [what wins](crate#what-wins). [Getting started](crate::guide::getting_started) explains the attributes.
///
/// ```
/// use retry_core::retry_worker;
///
/// #[derive(Default)]
/// struct Worker {
///     steps: u32,
/// }
///
/// impl Worker {
///     #[retry_worker(max_attempts = 2, min_wait = "1ms")]
///     fn step(&mut self) -> Result<u32, String> {
///         self.steps += 1;
///         match self.steps {
///             1 => Err("connection reset".to_owned()),
///             steps => Ok(steps),
///         }
///     }
/// }
///
/// assert_eq!(Worker::default().step()?, 2);
/// # Ok::<(), String>(())
/// ```
///
pub use retry_macros::retry_worker;

/// The example of the package's page.
#[cfg(all(doctest, feature = "macros"))]
#[doc = include_str!("../README.md")]
mod readme {}
