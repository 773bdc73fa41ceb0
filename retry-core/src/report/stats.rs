//! Statistics without an exporter: a few figures for each operation.

use std::fmt;
use std::time::Duration;

/// A snapshot of all operations; prints as a table.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Stats {
    /// One entry for each operation that has finished a call, by class and name.
    pub operations: Vec<OperationStats>,
}

impl Stats {
    /// Returns the first operation of that name, in the order of classes.
    #[must_use]
    pub fn operation(&self, name: &str) -> Option<&OperationStats> {
        self.operations
            .iter()
            .find(|operation| operation.operation == name)
    }
}

/// Figures of one operation. Calls that are still running, or were dropped, do not count.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct OperationStats {
    /// `worker`, `storage`, `scheduler`, `api`, or `ad_hoc` for a call without an attribute.
    pub class: &'static str,
    /// The operation's name.
    pub operation: &'static str,
    /// Calls that have ended.
    pub calls: u64,
    /// Of these, calls that made more than one attempt.
    pub retried: u64,
    /// Of the retried calls, those that succeeded in the end.
    pub recovered: u64,
    /// Attempts of all calls.
    pub attempts: u64,
    /// Time from a call's first failed attempt to its end, summed over calls with a failed attempt.
    pub time_spent: Duration,
    /// Failed attempts by [`kind`](crate::Judgement::kind), most frequent first.
    pub failures: Vec<(&'static str, u64)>,
}

impl OperationStats {
    /// Returns the share of calls that were retried, from 0 to 1.
    #[must_use]
    pub fn retried_share(&self) -> f64 {
        ratio(self.retried, self.calls)
    }

    /// Returns the share of retried calls that succeeded in the end, from 0 to 1.
    #[must_use]
    pub fn recovered_share(&self) -> f64 {
        ratio(self.recovered, self.retried)
    }

    /// Returns the mean number of attempts of a call.
    #[must_use]
    pub fn mean_attempts(&self) -> f64 {
        ratio(self.attempts, self.calls)
    }
}

/// Returns `part / whole`, or 0 if `whole` is 0.
fn ratio(part: u64, whole: u64) -> f64 {
    // Above 2^53 calls the last digits are lost; a share for people does not need them.
    #[expect(clippy::cast_precision_loss, reason = "a share for people")]
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self
            .operations
            .iter()
            .map(|one| one.operation.len())
            .max()
            .unwrap_or(0)
            .max(9);
        writeln!(
            f,
            "{:<width$}  {:<9}  {:>6}  {:>7}  {:>9}  {:>8}  {:>10}  failures",
            "operation", "class", "calls", "retried", "recovered", "attempts", "time spent"
        )?;
        for one in &self.operations {
            let kinds = one
                .failures
                .iter()
                .map(|(kind, count)| format!("{kind} {count}"));
            writeln!(
                f,
                "{:<width$}  {:<9}  {:>6}  {:>6.0}%  {:>8.0}%  {:>8.2}  {:>9.2}s  {}",
                one.operation,
                one.class,
                one.calls,
                one.retried_share() * 100.0,
                one.recovered_share() * 100.0,
                one.mean_attempts(),
                one.time_spent.as_secs_f64(),
                kinds.collect::<Vec<_>>().join(", ")
            )?;
        }
        Ok(())
    }
}
