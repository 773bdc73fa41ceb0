//! A user's crate as far from this workspace as a crate can be: it is of edition 2021, knows
//! `retry-core` by another name, and has neither tokio nor tracing nor serde among its
//! dependencies. That it compiles is most of the test; `tests/downstream.rs` calls it.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::time::Duration;

use ::retry_effects::Probe;
use renamed_core::{
    retry_api, retry_scheduler, retry_storage, retry_worker, CircuitBreaker, Classify, Growth,
    RetryBudget,
};

/// Code that resolves to this module instead of the dependency does not compile.
mod retry_core {}

/// The same for the gate's crate.
pub mod retry_effects {}

/// A source of failures and successes, passed as a parameter.
pub type Source<'a> = dyn FnMut() -> io::Result<u32> + Send + 'a;

/// An error that is judged by its words and by what it holds.
#[derive(Debug, Classify)]
#[classify(crate = renamed_core, default = stop)]
pub enum Judged {
    /// The server names a wait.
    #[classify(retry_after = after, not_applied)]
    Limited {
        /// The wait.
        after: Option<Duration>,
    },
    /// The inner error decides the judgement.
    Io(#[source] io::Error),
    /// A function judges.
    #[classify(with = Self::is_busy)]
    Status(u16),
    /// The default.
    Other,
}

impl Judged {
    fn is_busy(status: &u16) -> bool {
        *status == 503
    }
}

impl fmt::Display for Judged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("judged")
    }
}

impl std::error::Error for Judged {}

/// Constant arguments, and limits.
///
/// # Errors
///
/// When the source says so.
#[retry_worker(
    crate = ::renamed_core,
    timeout = "1s",
    max_total_time = "1m",
    max_attempts = 3,
    min_wait = 1,
    backoff = "fibonacci",
    jitter = "full",
    nested = "multiply",
    attempt = n,
)]
pub async fn constants(source: &mut Source<'_>, (key, _): (String, u32)) -> io::Result<String> {
    let seven = source()?;
    Ok(format!("{key}{n}{seven}"))
}

/// Expressions, predicates and hooks.
///
/// # Errors
///
/// When the source says so.
#[retry_storage(
    crate = renamed_core,
    policy = "FLOW_NODE_DEFAULT",
    max_attempts = attempts,
    min_wait = Duration::from_millis(1),
    backoff = Growth::Exponential(f64::from(attempts)),
    retry_if = |error| error.kind() != io::ErrorKind::NotFound,
    retry_on_ok = |value| *value == 0,
    on_retry = |event| waits.push(event.wait()),
)]
pub fn predicates(
    source: &mut Source<'_>,
    waits: &mut Vec<Duration>,
    attempts: u8,
) -> io::Result<u32> {
    source()
}

/// An error that is any.
///
/// # Errors
///
/// When the source says so.
#[retry_api(crate = ::renamed_core)]
pub async fn generic<E: Classify + Send + Sync>(
    source: &mut (dyn FnMut() -> Result<u32, E> + Send),
) -> Result<u32, E> {
    source()
}

/// Guarded on all sides.
///
/// # Errors
///
/// When the source says so.
#[retry_api(
    crate = ::renamed_core,
    budget(ratio = 0.2, floor = 0),
    circuit_breaker(window = "30s", slow_call = 2),
    adaptive = true,
    time_budget = "1m",
    hedge(after = "95ms", safe = true),
    timeout = "1s",
)]
pub async fn guarded(
    source: &(dyn Fn() -> io::Result<u32> + Send + Sync),
    key: String,
) -> io::Result<String> {
    let seven = source()?;
    Ok(key + &seven.to_string())
}

/// The same, sync, with guards that are lent.
///
/// # Errors
///
/// When the source says so.
#[retry_api(
    crate = renamed_core,
    budget = *budget,
    circuit_breaker = breakers[0],
    adaptive,
    time_budget = Duration::from_secs(60),
)]
pub fn guarded_sync(
    source: &mut Source<'_>,
    budget: &RetryBudget,
    breakers: &[CircuitBreaker],
) -> io::Result<u32> {
    source()
}

/// An effect that happens once.
///
/// # Errors
///
/// When the source says so.
#[retry_api(
    crate = ::renamed_core,
    idempotent = true,
    key(order_id),
    skip(source),
    scope = tenant,
    in_doubt = "reexecute",
    on_busy = "wait",
    max_total_time = "1m",
)]
pub async fn gated(
    source: &mut Source<'_>,
    order_id: u64,
    r#type: &str,
    (cents, _): (u32, String),
    tenant: &str,
) -> io::Result<String> {
    let seven = source()?;
    Ok(format!("{order_id}{type}{cents}{seven}{tenant}"))
}

/// The same, sync, with a probe.
///
/// # Errors
///
/// When the source says so.
#[retry_storage(
    crate = renamed_core,
    idempotent = true,
    skip(source, asked),
    probe = |_, order_id, asked| {
        asked.set(true);
        Probe::Applied(vec![*order_id; 2])
    },
)]
pub fn gated_sync(
    source: &mut Source<'_>,
    order_id: u64,
    asked: &Cell<bool>,
) -> Result<Vec<u64>, String> {
    source().map_err(|error| error.to_string())?;
    Ok(vec![order_id])
}

/// A worker.
pub trait Works {
    /// Returns the source that the work calls.
    fn source(&mut self) -> &mut Source<'static>;

    /// Works.
    ///
    /// # Errors
    ///
    /// When the source says so.
    #[retry_scheduler(crate = ::renamed_core)]
    fn work(&mut self, task: String) -> Result<Vec<u32>, Box<dyn std::error::Error>> {
        if task.is_empty() {
            return Err("invalid task".into());
        }
        let seven = self.source()()?;
        Ok((0..seven).skip(task.len()).collect())
    }
}

/// Names of the prelude are not those of the prelude everywhere.
#[no_implicit_prelude]
pub mod without_prelude {
    /// Has guards, which each call copies.
    ///
    /// # Errors
    ///
    /// None.
    #[::renamed_core::retry_api(crate = ::renamed_core, circuit_breaker = true, time_budget = "3s")]
    pub fn load(task: u32) -> ::std::io::Result<u32> {
        ::std::result::Result::Ok(task)
    }
}
