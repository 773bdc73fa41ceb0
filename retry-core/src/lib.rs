//! Retries.
mod ad_hoc;
mod backoff;
mod chain;
mod class;
mod classify;
mod clock;
mod engine;
mod error;
mod event;
mod expansion;
mod failure;
mod jitter;
mod known;
mod layer;
mod limits;
mod named;
mod nesting;
mod operation;
mod own;
mod pause;
mod policy;
mod probe;
mod random;
mod retry;
mod retry_event;
mod scope;
mod settings;
mod site;
mod stats;
#[cfg(feature = "testing")]
pub mod testing;
mod text;
mod wait_text;

pub use ad_hoc::{execute_with_retry, execute_with_retry_async};
pub use backoff::{Growth, Waits};
pub use class::OperationClass;
pub use classify::{Classify, Verdict};
pub use error::{InvalidSetting, PolicyError, RetryError, SettingsError};
pub use jitter::Jitter;
pub use named::{
    AGENT_HIGH_RISK, AGENT_LOW_MEDIUM, ASYNC_JOB_DEFAULT, FLOW_NODE_DEFAULT, NO_RETRY,
    NODUS_SCHEDULED_DEFAULT, resolve_retry_policy, resolve_retry_policy_for,
};
pub use nesting::Nested;
pub use policy::{ExecutionGuarantee, RetryPolicy};
pub use retry::Retry;
pub use retry_event::RetryEvent;
pub use scope::RetryScope;
pub use settings::RetrySettings;
pub use stats::{OperationStats, Stats, enable_stats, stats};
pub use text::is_retryable_error;

/// The types that a [`Retry`]'s choices are kept in: one each, so that a call pays only for what it
/// chose. They are named here for signatures; the methods of [`Retry`] make them.
pub mod choice {
    pub use crate::retry::{
        AnyOk, ByClassify, NoHook, NoLimit, OnRetry, RetryIf, RetryOnOk, Timeout, TotalTime,
    };
}

/// What the attributes expand to. Not for people: it changes without notice.
#[doc(hidden)]
pub mod __private {
    pub use crate::engine::Bounds;
    pub use crate::expansion::{
        Call, attempt_limit, classified, is_refused, unless_timed_out, verdict_by,
    };
    pub use crate::failure::Failure;
    pub use crate::layer::{AttemptLimit, Layer};
    pub use crate::limits::Limits;
    pub use crate::nesting::{attempt_async, attempt_sync};
    pub use crate::own::{as_result, own};
    pub use crate::pause::Carriage;
    pub use crate::probe::{Carry, Described, Judged, OutcomeProbe, Probe, failure};
    pub use crate::site::Site;
}

#[cfg(feature = "macros")]
pub use retry_macros::{retry_api, retry_scheduler, retry_storage, retry_worker};
