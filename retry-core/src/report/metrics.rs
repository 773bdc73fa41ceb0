//! Metrics through the [`metrics`](https://docs.rs/metrics) facade: the recorder that the program
//! installs receives every call, attempt, wait, budget and circuit.
//!
//! | metric | kind | labels | is |
//! |---|---|---|---|
//! | `retry_attempts_total` | counter | `operation`, `class`, `phase`, `result` | attempts that have ended |
//! | `retry_calls_total` | counter | `operation`, `class`, `outcome` | calls that have ended |
//! | `retry_success_rate` | gauge | `operation`, `class` | share of successes among the retried calls of the last 5 minutes; NaN if there were none |
//! | `retry_duration_seconds` | histogram | `operation`, `class` | a call from its start to its end, waits included |
//! | `retry_attempts_per_call` | histogram | `operation`, `class` | attempts of a call, without hedges |
//! | `retry_wait_seconds` | histogram | `operation`, `class` | waits before retries |
//! | `retry_budget_tokens` | gauge | `operation`, `class` | retries for which the operation's budgets hold tokens: the least of its own and the global one |
//! | `retry_budget_exhausted_total` | counter | `operation`, `class` | retries and hedges that a budget refused |
//! | `circuit_breaker_state` | gauge | `circuit` | 0 closed, 1 open, 2 half open, 3 forced open |
//! | `circuit_breaker_transitions_total` | counter | `circuit`, `from`, `to` | changes of state: `closed`, `open`, `half_open`, `forced_open` |
//! | `circuit_breaker_calls_total` | counter | `circuit`, `result` | `success`, `failure`, `rejected`, or `dropped` without a verdict |
//!
//! The circuit of a single operation also carries the operation's `class`, because two classes may have
//! an operation of the same name. Circuits of one [`CircuitBreakers`](crate::CircuitBreakers) set are
//! counted together, under the set's name, and have no `circuit_breaker_state`. The gate's metrics are
//! those of `retry-effects`.
//!
//! # Labels
//!
//! Each label takes one of few values, known when the program is written: operations, classes, circuits,
//! and the values below. Numbers and texts of errors are never labels. The name of a circuit that is
//! named at run time ([`CircuitBreaker::named`](crate::CircuitBreaker::named)) becomes a label, and a
//! recorder keeps its series after the circuit is dropped. For many names, a set keeps the number of
//! series small.
//!
//! `phase` is `initial`, `retry`, or `hedge` for an attempt made beside a slow one. The slow attempt has
//! the result of both together.
//!
//! `result` of an attempt:
//!
//! | | |
//! |---|---|
//! | `success` | a value that was accepted |
//! | `failed` | an error worth another attempt |
//! | `unknown` | an error after which the effect may have happened, as after a timeout |
//! | `not_retryable` | a final error |
//! | `dropped` | cut by the call's time limit, or a hedge that another attempt overtook |
//!
//! `outcome` of a call:
//!
//! | | |
//! |---|---|
//! | `success_first`, `success_retried` | a value, of the first attempt or of a later one; also of a failed attempt whose effect a gated call's probe found |
//! | `not_retryable` | a final error, or an unknown outcome under [`ExactlyOnce`](crate::ExecutionGuarantee::ExactlyOnce) |
//! | `attempts_exhausted` | the last attempt failed, or an inner call has used up the attempts |
//! | `deadline` | no time left: the call's time limit, or a server that requests a longer wait than allowed |
//! | `budget` | no more retries are paid for: the retry budget, or the time budget |
//! | `circuit_open` | the breaker rejected the first attempt, or a retry |
//! | `cancelled` | its scope was cancelled |
//!
//! A call is counted when it ends. A call whose future is dropped, or that panics, has not ended and
//! appears in none of the above. A call that the breaker rejected made no attempt: it appears in
//! `retry_calls_total`, not in the histograms. Every other call has one `initial` attempt; the rest of
//! the sum of `retry_attempts_per_call` is the number of `retry` attempts.
//!
//! # Recorders
//!
//! A recorder may be installed at any time, or for one thread; earlier events are lost. Without a
//! recorder, a call only reads the clock twice and checks for one. Gauges are set when their value
//! changes and, as time changes it too, by the first call that ends 10 seconds after that.
//!
//! `metrics-exporter-prometheus` renders summaries, which cannot be added up, until it has buckets: give
//! it those of [`buckets`]; `install_buckets` (feature `prometheus`) does so in one call.

mod buckets;
mod call;
mod circuit;
mod descriptions;
mod labels;
mod measured;
mod operation;
mod recovery;
mod series;

pub use buckets::buckets;
#[cfg(feature = "prometheus")]
pub use buckets::install_buckets;
pub use descriptions::describe;

pub(crate) use call::{RunningHedge, attempted, ended, waits, withdrew};
pub(crate) use circuit::CircuitMetrics;
pub(crate) use labels::{AttemptResult, Circuit, CircuitCall};
pub(crate) use measured::{EndedCall, Measured};
pub(crate) use operation::{CallStart, OperationMetrics};
