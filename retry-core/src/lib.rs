//! Retries.
mod backoff;
mod chain;
mod classify;
mod error;
mod jitter;
mod known;
mod named;
mod policy;
mod random;
mod text;
mod wait_text;

pub use backoff::{Growth, Waits};
pub use classify::{Classify, Verdict};
pub use error::{InvalidSetting, PolicyError, RetryError, SettingsError};
pub use jitter::Jitter;
pub use named::{
    AGENT_HIGH_RISK, AGENT_LOW_MEDIUM, ASYNC_JOB_DEFAULT, FLOW_NODE_DEFAULT, NO_RETRY,
    NODUS_SCHEDULED_DEFAULT, resolve_retry_policy, resolve_retry_policy_for,
};
pub use policy::{ExecutionGuarantee, RetryPolicy};
pub use text::is_retryable_error;
