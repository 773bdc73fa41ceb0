//! The two functions for a call that needs a policy and nothing else.

use std::future::Future;
use std::panic::Location;

use super::attempt_loop::AttemptLoop;
use super::choices::{NoHook, NoLimit};
use super::judges::ByClassify;
use crate::classify::classification::Classify;
use crate::engine::guards::choice::NoGuard;
use crate::engine::probed::ProbedOutcome;
use crate::operation::Operation;
use crate::policy::retry_policy::RetryPolicy;

/// Calls `attempt` until it succeeds, its error is final or `policy` allows no more. Waits block the
/// thread. Logs name the call by its file and line; [`Retry`](crate::Retry) gives it a name.
///
/// # Errors
///
/// The last attempt's error, untouched.
///
/// ```
/// use retry_core::{execute_with_retry, Jitter, RetryPolicy};
///
/// const POLICY: RetryPolicy = RetryPolicy::new(3)
///     .with_backoff_ms(1)
///     .with_exponential_backoff(true);
/// let mut attempts = 0;
/// let loaded = execute_with_retry(
///     || {
///         attempts += 1;
///         if attempts < 3 { Err("connection reset") } else { Ok("task") }
///     },
///     &POLICY,
/// );
/// assert_eq!((loaded, attempts), (Ok("task"), 3));
/// ```
#[track_caller]
pub fn execute_with_retry<T, E: Classify>(
    attempt: impl FnMut() -> Result<T, E>,
    policy: &RetryPolicy,
) -> Result<T, E> {
    ad_hoc(policy, Location::caller()).run(attempt, ProbedOutcome::Ended)
}

/// The async twin of [`execute_with_retry`]: waits on tokio's clock.
///
/// The future is `Send` if the closure, its futures and their outcome are.
///
/// # Errors
///
/// The last attempt's error, untouched.
///
/// # Panics
///
/// Outside of a tokio runtime with time enabled, when it first waits.
///
/// ```
/// use retry_core::{execute_with_retry_async, AGENT_LOW_MEDIUM};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let fetch = || async { Ok::<_, String>("task") };
/// let fetched = execute_with_retry_async(fetch, &AGENT_LOW_MEDIUM);
/// assert_eq!(fetched.await, Ok("task"));
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn execute_with_retry_async<T, E, F>(
    attempt: impl FnMut() -> F,
    policy: &RetryPolicy,
) -> impl Future<Output = Result<T, E>>
where
    E: Classify,
    F: Future<Output = Result<T, E>>,
{
    ad_hoc(policy, Location::caller()).run_async(attempt)
}

/// Returns the loop of a call that borrows its policy.
#[inline]
fn ad_hoc<'a>(
    policy: &'a RetryPolicy,
    caller: &'static Location<'static>,
) -> AttemptLoop<&'a RetryPolicy, ByClassify, NoHook, NoLimit, NoGuard> {
    AttemptLoop {
        policy,
        operation: Operation::at(caller),
        nested: None,
        judge: ByClassify,
        hook: NoHook,
        limits: NoLimit,
        guards: NoGuard,
    }
}
