//! Metrics through the [`metrics`](https://docs.rs/metrics) facade: whichever recorder the program
//! installs is told of every call, attempt, wait, budget and circuit.
//!
//! | metric | kind | labels | is |
//! |---|---|---|---|
//! | `retry_attempts_total` | counter | `operation`, `class`, `phase`, `result` | attempts that have ended |
//! | `retry_calls_total` | counter | `operation`, `class`, `outcome` | calls that have ended |
//! | `retry_success_rate` | gauge | `operation`, `class` | of the calls of the last 5 minutes that were retried, the share that succeeded; NaN where none was |
//! | `retry_duration_seconds` | histogram | `operation`, `class` | a call from its start to its end, waits included |
//! | `retry_attempts_per_call` | histogram | `operation`, `class` | attempts of a call, hedges aside |
//! | `retry_wait_seconds` | histogram | `operation`, `class` | waits before retries |
//! | `retry_budget_tokens` | gauge | `operation`, `class` | retries that the operation's budgets would pay for: the least of its own and the global one |
//! | `retry_budget_exhausted_total` | counter | `operation`, `class` | retries and hedges that a budget refused |
//! | `circuit_breaker_state` | gauge | `circuit` | 0 closed, 1 open, 2 half open, 3 forced open |
//! | `circuit_breaker_transitions_total` | counter | `circuit`, `from`, `to` | changes of state: `closed`, `open`, `half_open`, `forced_open` |
//! | `circuit_breaker_calls_total` | counter | `circuit`, `result` | `success`, `failure`, `rejected`, or `dropped` without a verdict |
//!
//! A circuit that an operation has to itself also carries the operation's `class`, as two classes
//! may both have an operation of one name. Circuits of one
//! [`CircuitBreakers`](crate::CircuitBreakers) set are counted together, by the set's name, and have
//! no `circuit_breaker_state`. The gate's metrics are those of `retry-effects`.
//!
//! # Labels
//!
//! Each label takes one of few values, known when the program is written: operations, classes,
//! circuits, and the words below. Numbers and texts of errors are never labels. A circuit that is named
//! at run time ([`CircuitBreaker::named`](crate::CircuitBreaker::named)) makes its name a label; a
//! recorder keeps what it was told of it, when the circuit is long gone. Where names are many, a set
//! keeps the series few.
//!
//! `phase` is `initial`, `retry`, or `hedge` for an attempt made beside one that was slow. The
//! attempt beside which it was made has the result of both together.
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
//! | `success_first`, `success_retried` | a value, of the first attempt or of a later one; also of one that failed, where a gated call's probe found what it had done |
//! | `not_retryable` | a final error, or an unknown outcome under [`ExactlyOnce`](crate::ExecutionGuarantee::ExactlyOnce) |
//! | `attempts_exhausted` | the last attempt failed, or an inner call has used up the attempts |
//! | `deadline` | no time: the call's time limit, or a server that asks for a longer wait than allowed |
//! | `budget` | retries may cost no more: the retry budget, or the time budget |
//! | `circuit_open` | the breaker let no attempt be made, or none after this one |
//! | `cancelled` | its scope was cancelled |
//!
//! A call is counted when it ends. One whose future is dropped, or that panics, has not ended and is
//! in none of the above. A call that the breaker rejected made no attempt: it is in
//! `retry_calls_total`, not in the histograms. All other calls have one `initial` attempt each, and
//! as many `retry` attempts as `retry_attempts_per_call` sums up to besides.
//!
//! # Recorders
//!
//! A recorder may be installed at any time, or for one thread; what happened before it was there is
//! lost. Without one, a call reads the clock twice and looks for a recorder, and that is all. Gauges
//! are told when their value changes, and, as time changes it too, by the first call that ends 10
//! seconds after that.
//!
//! `metrics-exporter-prometheus` renders histograms, which cannot be added up, until
//! it has buckets for them: give it those of [`buckets`], by `install_buckets` (feature
//! `prometheus`) in one call.

mod buckets;
mod call;
mod circuit;
mod descriptions;
mod measured;
mod operation;
mod recovery;
mod series;
mod words;

pub use buckets::buckets;
#[cfg(feature = "prometheus")]
pub use buckets::install_buckets;
pub use descriptions::describe;

pub(crate) use call::{Hedged, attempted, ended, waits, withdrew};
pub(crate) use circuit::OfCircuit;
pub(crate) use measured::{Call, Measured};
pub(crate) use operation::{OfOperation, Started};
pub(crate) use words::{Attempt, Circuit, CircuitCall};
