//! That the totals fit together, whatever happened, and that labels take no value but those told.

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use proptest::prelude::*;
use retry_core::testing::{VirtualClock, seed};
use retry_core::{
    CircuitBreaker, Classify, Judgement, Nested, Retry, RetryBudget, RetryError, Verdict,
};

use super::SECONDS;
use super::seen::{Seen, Series};

#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("{0:?}")]
    Own(Verdict),
    #[error("{0}")]
    Retry(#[from] RetryError),
}

impl Classify for Trouble {
    fn classify(&self) -> Judgement {
        match self {
            Self::Own(verdict) => (*verdict).into(),
            Self::Retry(_) => Judgement::stop(),
        }
    }
}

/// The outcome of one attempt; `None` is a success.
fn outcome() -> impl Strategy<Value = Option<Verdict>> {
    prop_oneof![
        3 => Just(None),
        5 => Just(Some(Verdict::Retry)),
        1 => Just(Some(Verdict::Stop)),
        1 => Just(Some(Verdict::RetryAfter(Duration::from_secs(2)))),
        1 => Just(Some(Verdict::RetryAfter(Duration::from_secs(3_600)))),
    ]
}

/// Calls, some of them inside others, with a budget and a breaker.
fn run(outcomes: &[Option<Verdict>], nested: bool) -> (u64, u64) {
    let breaker = CircuitBreaker::new("totals").with_failure_threshold(3);
    let budget = RetryBudget::new(0.2).with_burst(2).with_floor(0);
    let clock = VirtualClock::install();
    let (mut outcomes, mut calls, mut bodies) = (outcomes.iter().copied(), 0, 0);
    while outcomes.len() > 0 {
        let mut body = || {
            bodies += 1;
            clock.advance(Duration::from_millis(700));
            match outcomes.next().flatten() {
                None => Ok(()),
                Some(verdict) => Err(Trouble::Own(verdict)),
            }
        };
        let inner = Retry::new(SECONDS)
            .name("inner")
            .max_total_time(Duration::from_secs(4))
            .circuit_breaker(&breaker)
            .budget(&budget);
        calls += 1;
        let _ = if nested {
            let outer = Retry::new(SECONDS).name("outer").nested(Nested::Multiply);
            // Each attempt of the outer call is one inner call.
            calls -= 1;
            outer.run(|| {
                calls += 1;
                inner.run(&mut body)
            })
        } else {
            inner.run(&mut body)
        };
        clock.advance(Duration::from_secs(9));
    }
    (calls, bodies)
}

/// The sum of a counter's series that a filter selects.
fn sum(all: &[Series], name: &str, select: impl Fn(&Series) -> bool) -> u64 {
    let series = all.iter().filter(|one| one.name == name && select(one));
    series.map(Series::count).sum()
}

fn values(all: &[Series], name: &str, operation: &str) -> Vec<f64> {
    let series = all
        .iter()
        .filter(|one| one.name == name && one.label("operation") == operation);
    series.flat_map(Series::values).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn totals_fit_together(
        outcomes in proptest::collection::vec(outcome(), 1..40),
        nested: bool,
        seeded: u64,
    ) {
        let _seeded = seed(seeded);
        let seen = Seen::install();
        let (calls, bodies) = run(&outcomes, nested);
        let all = seen.series();
        let inner = |one: &Series| one.label("operation") == "inner";
        let attempts = |phase: &'static str| {
            sum(&all, "retry_attempts_total", move |one| inner(one) && one.label("phase") == phase)
        };
        prop_assert_eq!(sum(&all, "retry_calls_total", inner), calls);
        prop_assert_eq!(attempts("initial") + attempts("retry"), bodies);

        let circuit = |result: &'static str| {
            sum(&all, "circuit_breaker_calls_total", move |one| one.label("result") == result)
        };
        let per_call = values(&all, "retry_attempts_per_call", "inner");
        let durations = values(&all, "retry_duration_seconds", "inner");
        prop_assert_eq!(per_call.len() as u64, attempts("initial"));
        prop_assert_eq!(durations.len(), per_call.len());
        prop_assert_eq!(per_call.iter().sum::<f64>(), bodies as f64);
        // A call is rejected before its first attempt, or before a later one.
        prop_assert!(calls - attempts("initial") <= circuit("rejected"));
        prop_assert_eq!(circuit("success") + circuit("failure"), bodies);
        prop_assert_eq!(circuit("dropped"), 0);
        // Each wait leads to a retry, but where the breaker or the time limit came first.
        let waits = values(&all, "retry_wait_seconds", "inner").len() as u64;
        prop_assert!(waits >= attempts("retry"));
        let success = |one: &Series| inner(one) && one.label("result") == "success";
        let succeeded = |one: &Series| inner(one) && one.label("outcome").starts_with("success");
        prop_assert_eq!(
            sum(&all, "retry_attempts_total", success),
            sum(&all, "retry_calls_total", succeeded)
        );
        if nested {
            // The outer calls' attempts are the inner calls.
            let outer = |one: &Series| one.label("operation") == "outer";
            prop_assert_eq!(sum(&all, "retry_attempts_total", outer), calls);
        }
        labels_are_known(&all)?;
    }
}

fn labels_are_known(all: &[Series]) -> Result<(), TestCaseError> {
    for series in all {
        for (label, value) in &series.labels {
            let known: BTreeSet<&str> = match label.as_str() {
                "operation" => ["inner", "outer"].into(),
                "class" => ["ad_hoc"].into(),
                "circuit" => ["totals"].into(),
                "phase" => ["initial", "retry", "hedge"].into(),
                "result" if series.name == "retry_attempts_total" => {
                    ["success", "failed", "unknown", "not_retryable", "dropped"].into()
                }
                "result" => ["success", "failure", "rejected", "dropped"].into(),
                "outcome" => [
                    "success_first",
                    "success_retried",
                    "not_retryable",
                    "attempts_exhausted",
                    "deadline",
                    "budget",
                    "circuit_open",
                    "cancelled",
                ]
                .into(),
                "from" | "to" => ["closed", "open", "half_open", "forced_open"].into(),
                other => {
                    return Err(TestCaseError::fail(format!("unknown label {other}")));
                }
            };
            prop_assert!(
                known.contains(value.as_str()),
                "{}: {}={}",
                series.name,
                label,
                value
            );
        }
    }
    Ok(())
}

#[test]
fn threads_lose_nothing() {
    let recorder = metrics_util::debugging::DebuggingRecorder::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                metrics::with_local_recorder(&recorder, || {
                    for number in 0..500 {
                        let fails = number % 5 == 0;
                        let outcome = if fails {
                            Err(io::ErrorKind::NotFound.into())
                        } else {
                            Ok(())
                        };
                        let mut outcome = Some(outcome);
                        let _: io::Result<()> = Retry::new(SECONDS)
                            .name("threads")
                            .run(|| outcome.take().expect("one attempt"));
                    }
                });
            });
        }
    });
    let snapshot = recorder.snapshotter().snapshot().into_vec();
    let mut counts: Vec<_> = snapshot
        .into_iter()
        .filter(|(key, ..)| key.key().name() == "retry_calls_total")
        .map(|(.., value)| value)
        .collect();
    counts.sort_by_key(|value| format!("{value:?}"));
    use metrics_util::debugging::DebugValue::Counter;
    assert_eq!(counts, [Counter(1_600), Counter(400)]);
}
