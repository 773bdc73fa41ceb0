//! Help texts and units of the metrics, for the recorder.

use ::metrics::{KeyName, SharedString, Unit, with_recorder};

/// Describes all metrics of this crate to the recorder: help texts and units.
///
/// The first call of each operation does this by itself; a program that wants complete descriptions from
/// the start calls it after it has installed its recorder.
pub fn describe() {
    let text = SharedString::const_str;
    with_recorder(|recorder| {
        for (name, help) in COUNTERS {
            recorder.describe_counter(named(name), Some(Unit::Count), text(help));
        }
        for (name, help) in GAUGES {
            recorder.describe_gauge(named(name), None, text(help));
        }
        for (name, unit, help) in HISTOGRAMS {
            recorder.describe_histogram(named(name), Some(unit), text(help));
        }
    });
}

const fn named(name: &'static str) -> KeyName {
    KeyName::from_const_str(name)
}

const COUNTERS: [(&str, &str); 5] = [
    (
        "retry_attempts_total",
        "Attempts that have ended, by phase (initial, retry, hedge) and result",
    ),
    ("retry_calls_total", "Calls that have ended, by outcome"),
    (
        "retry_budget_exhausted_total",
        "Retries and hedges that a budget refused",
    ),
    (
        "circuit_breaker_transitions_total",
        "Changes of a circuit's state",
    ),
    (
        "circuit_breaker_calls_total",
        "Calls through a circuit, by result",
    ),
];

const GAUGES: [(&str, &str); 3] = [
    (
        "retry_success_rate",
        "Share of successes among the retried calls of the last 5 minutes",
    ),
    (
        "retry_budget_tokens",
        "Retries for which the operation's budgets hold tokens",
    ),
    (
        "circuit_breaker_state",
        "0 closed, 1 open, 2 half open, 3 forced open",
    ),
];

const HISTOGRAMS: [(&str, Unit, &str); 3] = [
    (
        "retry_duration_seconds",
        Unit::Seconds,
        "A call from its start to its end, waits included",
    ),
    ("retry_attempts_per_call", Unit::Count, "Attempts of a call"),
    ("retry_wait_seconds", Unit::Seconds, "Waits before retries"),
];
