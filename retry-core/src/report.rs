//! Reports of calls: log events, statistics and metrics.
//!
//! Reports receive names, numbers and judgements. They import no guard and no engine, so both may
//! report.

pub(crate) mod call_outcome;
pub(crate) mod circuit;
pub(crate) mod counters;
pub(crate) mod event;
#[cfg(feature = "metrics")]
pub mod metrics;
#[cfg(not(feature = "metrics"))]
#[path = "report/metrics/off.rs"]
pub(crate) mod metrics;
pub(crate) mod retry_event;
pub(crate) mod stats;
