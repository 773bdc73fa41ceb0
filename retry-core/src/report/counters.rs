//! Counters of one operation.
//!
//! A first-attempt success is the frequent case: it adds one to a counter in the thread's own stripe.
//! All other ends follow a failure and share their counters.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::stats::OperationStats;
use crate::sync::stripes::Stripes;

#[derive(Debug, Default)]
pub(crate) struct Counters {
    succeeded_first: Stripes,
    /// All calls except first-attempt successes.
    failed_once: AtomicU64,
    retried: AtomicU64,
    recovered: AtomicU64,
    attempts: AtomicU64,
    spent_ms: AtomicU64,
    failures: Mutex<BTreeMap<&'static str, u64>>,
}

/// The end of a call that did not succeed at once.
#[derive(Clone, Copy)]
pub(crate) struct CallTotals {
    pub(crate) attempts: u32,
    pub(crate) succeeded: bool,
    pub(crate) spent: Duration,
}

impl Counters {
    #[inline]
    pub(crate) fn succeeded_at_once(&self) {
        self.succeeded_first.add_one();
    }

    pub(crate) fn ended(&self, ended: CallTotals) {
        let add = |counter: &AtomicU64, by: u64| counter.fetch_add(by, Ordering::Relaxed);
        add(&self.failed_once, 1);
        add(&self.attempts, u64::from(ended.attempts));
        add(
            &self.spent_ms,
            u64::try_from(ended.spent.as_millis()).unwrap_or(u64::MAX),
        );
        if ended.attempts > 1 {
            add(&self.retried, 1);
            add(&self.recovered, u64::from(ended.succeeded));
        }
    }

    pub(crate) fn failed(&self, kind: &'static str) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        *failures.entry(kind).or_default() += 1;
    }

    pub(crate) fn snapshot(&self, class: &'static str, operation: &'static str) -> OperationStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let first = self.succeeded_first.sum();
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let mut failures: Vec<_> = failures
            .iter()
            .map(|(kind, count)| (*kind, *count))
            .collect();
        failures.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        OperationStats {
            class,
            operation,
            calls: first + read(&self.failed_once),
            retried: read(&self.retried),
            recovered: read(&self.recovered),
            attempts: first + read(&self.attempts),
            time_spent: Duration::from_millis(read(&self.spent_ms)),
            failures,
        }
    }
}
